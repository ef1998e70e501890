import { decodeRecoveryKey, encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { describe, expect, it } from "vitest";
import type { RecoveryKeyMistake } from "../../../../../../src/platforms/keys.ts";
import { readRecoveryKey } from "../../../../../../src/platforms/matrix/keys/opening/recovery-key.ts";
import { seededRandom } from "../../../../../support/seeded-random.ts";

/** The first private key of RFC 7748, section 6.1, and its recovery key in the tests of clients. */
const PRIVATE_KEY = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const RECOVERY_KEY = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d";
const JOINED = RECOVERY_KEY.replaceAll(" ", "");

const CHECKSUM: RecoveryKeyMistake = { code: "checksum" };
const character = (wrong: string): RecoveryKeyMistake => ({ code: "character", character: wrong });
const length = (found: number): RecoveryKeyMistake => ({ code: "length", length: found, expected: 48 });

function hexOf(text: string): string | null {
  const reading = readRecoveryKey(text);
  return reading.kind === "key" ? Buffer.from(reading.key).toString("hex") : null;
}

function hexByLibrary(text: string): string | null {
  try {
    return Buffer.from(decodeRecoveryKey(text)).toString("hex");
  } catch {
    return null;
  }
}

describe("a recovery key", () => {
  it.each<{ name: string; text: string }>([
    { name: "in groups", text: RECOVERY_KEY },
    { name: "without spaces", text: JOINED },
    { name: "on two lines", text: `  ${RECOVERY_KEY.replace("g5c4 ", "g5c4\r\n")}\n` },
    { name: "with tabs and wide spaces", text: RECOVERY_KEY.replaceAll(" ", "\t\u00a0\u3000\u2003") },
    { name: "with invisible characters", text: `\ufeff${RECOVERY_KEY.replaceAll(" ", "\u200b")}\u2069` },
  ])("is read $name", ({ text }) => {
    expect(hexOf(text)).toBe(PRIVATE_KEY);
  });

  it.each<{ name: string; text: string; mistake: RecoveryKeyMistake }>([
    { name: "zero", text: RECOVERY_KEY.replace("A", "0"), mistake: character("0") },
    { name: "capital O", text: RECOVERY_KEY.replace("A", "O"), mistake: character("O") },
    { name: "capital I", text: RECOVERY_KEY.replace("A", "I"), mistake: character("I") },
    { name: "small l", text: RECOVERY_KEY.replace("A", "l"), mistake: character("l") },
    { name: "a hyphen", text: RECOVERY_KEY.replaceAll(" ", "-"), mistake: character("-") },
    { name: "a whole emoji", text: `${RECOVERY_KEY}😀`, mistake: character("😀") },
    { name: "a Cyrillic letter", text: RECOVERY_KEY.replace("E", "Е"), mistake: character("Е") },
    { name: "a character too few", text: JOINED.slice(1), mistake: length(47) },
    { name: "a character too many", text: `${JOINED}d`, mistake: length(49) },
    { name: "nothing", text: "", mistake: length(0) },
    { name: "a word", text: "secret", mistake: length(6) },
    { name: "two characters changed round", text: JOINED.replace("Tc", "cT"), mistake: CHECKSUM },
    { name: "another character", text: JOINED.replace("E4d", "E4e"), mistake: CHECKSUM },
    { name: "another prefix", text: JOINED.replace("Es", "Fs"), mistake: CHECKSUM },
    { name: "no prefix at all", text: "1".repeat(48), mistake: CHECKSUM },
    { name: "more than 35 bytes", text: "z".repeat(48), mistake: CHECKSUM },
  ])("has a mistake that is named: $name", ({ text, mistake }) => {
    expect(readRecoveryKey(text)).toEqual({ kind: "mistake", mistake });
  });

  it("is read as matrix-js-sdk writes it, and with a wrong character as matrix-js-sdk reads it", () => {
    const random = seededRandom(7);
    for (let count = 0; count < 50; count += 1) {
      const key = Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
      const text = encodeRecoveryKey(key) ?? "";
      expect(hexOf(text)).toBe(Buffer.from(key).toString("hex"));
      const joined = text.replaceAll(" ", "");
      const at = Math.floor(random() * joined.length);
      const wrong = `${joined.slice(0, at)}${joined[at] === "x" ? "y" : "x"}${joined.slice(at + 1)}`;
      expect(hexOf(wrong), wrong).toBe(hexByLibrary(wrong));
    }
  });
});
