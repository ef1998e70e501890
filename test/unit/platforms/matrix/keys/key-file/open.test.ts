import { initAsync, OlmMachine } from "@matrix-org/matrix-sdk-crypto-wasm";
import { beforeAll, describe, expect, it } from "vitest";
import type { KeyFileMistake } from "../../../../../../src/platforms/key-files.ts";
import { MAX_KEY_FILE_BYTES } from "../../../../../../src/platforms/key-files.ts";
import { openKeyFile } from "../../../../../../src/platforms/matrix/keys/key-file/open.ts";
import { exportedSession, keyFileOf } from "./exported-session.ts";

const PASSPHRASE = "correct horse – Batterie";
const BEGIN = "-----BEGIN MEGOLM SESSION DATA-----";
const END = "-----END MEGOLM SESSION DATA-----";

beforeAll(() => initAsync());

function written(content: unknown): string {
  return keyFileOf(typeof content === "string" ? content : JSON.stringify(content), PASSPHRASE);
}

function open(text: string, passphrase = PASSPHRASE) {
  return openKeyFile(Buffer.from(text), passphrase);
}

async function opened(text: string) {
  const result = await open(text);
  if (result.status === "refused") throw new Error(`refused: ${result.mistake}`);
  return { entries: result.content.entries, badEntries: result.badEntries };
}

/** The base64 of a file, decoded, changed and put back between the markers. */
function changed(text: string, change: (bytes: Buffer) => Buffer): string {
  const bytes = Buffer.from(bodyOf(text), "base64");
  return `${BEGIN}\n${change(bytes).toString("base64")}\n${END}\n`;
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).replace(/\s/g, "");
}

function withByte(at: number, value: number) {
  return (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at < 0 ? copy.length + at : at] = value ^ (copy[at < 0 ? copy.length + at : at] ?? 0);
    return copy;
  };
}

function withRounds(rounds: number) {
  return (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy.writeUInt32BE(rounds, 33);
    return copy;
  };
}

describe("a key file", () => {
  it("gives its sessions as a backup holds them", async () => {
    const session = exportedSession({ index: 7 });
    const { room_id: roomId, session_id: sessionId, ...rest } = session;
    const { entries, badEntries } = await opened(written([session]));
    expect(entries).toEqual([{ roomId, sessionId, firstMessageIndex: 7, session: expect.any(String) }]);
    expect(JSON.parse(entries[0]?.session ?? "")).toEqual(rest);
    expect(badEntries).toBe(0);
  });

  it("written by the crypto library of Element gives its sessions", async () => {
    const sessions = Array.from({ length: 20 }, (_, index) => exportedSession({ index }));
    const file = OlmMachine.encryptExportedRoomKeys(JSON.stringify(sessions), PASSPHRASE, 1_000);
    const { entries, badEntries } = await opened(file);
    expect(entries.map(({ sessionId }) => sessionId)).toEqual(sessions.map((session) => session.session_id));
    expect(entries.map(({ session }) => JSON.parse(session) as unknown)).toMatchObject(
      sessions.map(({ session_key, sender_key, sender_claimed_keys }) => ({
        session_key,
        sender_key,
        sender_claimed_keys,
      })),
    );
    expect(badEntries).toBe(0);
  });

  it("may be empty", async () => {
    expect(await opened(written([]))).toEqual({ entries: [], badEntries: 0 });
  });

  it("of several pieces is read whole", async () => {
    const sessions = Array.from({ length: 500 }, (_, index) => exportedSession({ index }));
    const { entries } = await opened(written(JSON.stringify(sessions, null, 2)));
    expect(entries.map(({ sessionId }) => sessionId)).toEqual(sessions.map((session) => session.session_id));
    expect(entries.map(({ firstMessageIndex }) => firstMessageIndex)).toEqual(sessions.map((_, at) => at));
  });

  it.each([
    { as: "in one line", layout: (body: string) => `${BEGIN}\n${body}\n${END}` },
    { as: "without line ends", layout: (body: string) => `${BEGIN}${body}${END}` },
    { as: "with the last marker behind the text", layout: (body: string) => `${BEGIN}\n${body}${END}\n` },
    {
      as: "with Windows line ends",
      layout: (body: string) => `${BEGIN}\r\n${body.replace(/.{1,128}/g, "$&\r\n")}${END}\r\n`,
    },
    {
      as: "with blank lines and indents",
      layout: (body: string) => `\n \n${BEGIN}\n\n${body.replace(/.{1,76}/g, "  $&\n\n")}\n\n  ${END}\n\n`,
    },
    { as: "between other text", layout: (body: string) => `My keys:\n> ${BEGIN}\n${body}\n${END}\nBye!` },
    { as: "with a byte order mark", layout: (body: string) => `\uFEFF${BEGIN}\n${body}\n${END}\n` },
    {
      as: "without padding, in the alphabet for URLs",
      layout: (body: string) =>
        `${BEGIN}\n${body.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}\n${END}\n`,
    },
  ])("is read $as", async ({ layout }) => {
    const sessions = Array.from({ length: 3 }, () => exportedSession());
    expect((await opened(layout(bodyOf(written(sessions))))).entries).toHaveLength(3);
  });
});

describe("the entries of a key file are judged one by one", () => {
  it.each([
    { as: "no room", entry: exportedSession({ roomId: "" }) },
    { as: "no session", entry: exportedSession({ sessionId: "" }) },
    { as: "no key", entry: exportedSession({ session_key: undefined }) },
    { as: "a key that is cut off", entry: exportedSession({ session_key: "AQAAAAA" }) },
    { as: "a key of another version", entry: exportedSession({ session_key: "A".repeat(220) }) },
    { as: "no sender", entry: exportedSession({ sender_key: undefined }) },
    { as: "another algorithm", entry: exportedSession({ algorithm: "m.other" }) },
    { as: "too much text", entry: exportedSession({ note: "x".repeat(70_000) }) },
    { as: "a number for an entry", entry: 5 },
    { as: "nothing for an entry", entry: null },
    { as: "a list for an entry", entry: [[["],["]]] },
  ])("$as", async ({ entry }) => {
    const good = [exportedSession(), exportedSession()];
    const { entries, badEntries } = await opened(written([good[0], entry, good[1]]));
    expect(entries.map(({ sessionId }) => sessionId)).toEqual(good.map((session) => session.session_id));
    expect(badEntries).toBe(1);
  });

  it("an entry that is no JSON costs only itself", async () => {
    const good = JSON.stringify(exportedSession());
    expect(await opened(written(`[${good}, {"room_id": nonsense}, ${good}]`))).toMatchObject({
      entries: [{ firstMessageIndex: 0 }],
      badEntries: 1,
    });
  });

  it("quotes, brackets and commas inside texts end nothing", async () => {
    const session = exportedSession({ note: 'a "],[{" \\ } b' });
    expect((await opened(written([session, exportedSession()]))).entries).toHaveLength(2);
  });

  it.each([
    { field: "sender_claimed_keys", value: undefined, becomes: {} },
    { field: "sender_claimed_keys", value: [1], becomes: {} },
    { field: "forwarding_curve25519_key_chain", value: null, becomes: [] },
  ])("$field that is $value becomes empty", async ({ field, value, becomes }) => {
    const { entries } = await opened(written([exportedSession({ [field]: value })]));
    expect(JSON.parse(entries[0]?.session ?? "")).toMatchObject({ [field]: becomes });
  });

  it("a session that is there twice counts once, with its lowest index", async () => {
    const sessions = [9, 4, 6].map((index) => exportedSession({ sessionId: "same", index }));
    const elsewhere = exportedSession({ sessionId: "same", index: 2, roomId: "!other:old.test" });
    const { entries } = await opened(written([...sessions, elsewhere]));
    expect(entries.map(({ firstMessageIndex }) => firstMessageIndex)).toEqual([4, 2]);
  });
});

describe("a file that cannot be opened", () => {
  const file = (): string => written([exportedSession()]);

  it.each<{ as: string; text: () => string; mistake: KeyFileMistake }>([
    { as: "nothing", text: () => "", mistake: "not_a_key_file" },
    { as: "a picture", text: () => "\u0089PNG\r\n\u001A\n", mistake: "not_a_key_file" },
    { as: "JSON of another program", text: () => '{"rooms":{}}', mistake: "not_a_key_file" },
    {
      as: "a key of PGP",
      text: () => "-----BEGIN PGP PRIVATE KEY BLOCK-----\nabcd\n-----END PGP PRIVATE KEY BLOCK-----",
      mistake: "not_a_key_file",
    },
    { as: "a later version", text: () => changed(file(), withByte(0, 3)), mistake: "not_a_key_file" },
    { as: "the first half", text: () => file().slice(0, 400), mistake: "cut_off" },
    { as: "no end of the last marker", text: () => file().trim().slice(0, -1), mistake: "cut_off" },
    { as: "markers alone", text: () => `${BEGIN}\n${END}\n`, mistake: "cut_off" },
    { as: "a few bytes", text: () => changed(file(), (bytes) => bytes.subarray(0, 60)), mistake: "cut_off" },
    {
      as: "a missing line",
      text: () => changed(file(), (bytes) => Buffer.concat([bytes.subarray(0, 96), bytes.subarray(192)])),
      mistake: "wrong_passphrase_or_damaged",
    },
    {
      as: "another byte in its salt",
      text: () => changed(file(), withByte(5, 1)),
      mistake: "wrong_passphrase_or_damaged",
    },
    {
      as: "another byte in its content",
      text: () => changed(file(), withByte(90, 1)),
      mistake: "wrong_passphrase_or_damaged",
    },
    {
      as: "another byte in its MAC",
      text: () => changed(file(), withByte(-1, 1)),
      mistake: "wrong_passphrase_or_damaged",
    },
    {
      as: "a character that does not belong there",
      text: () => file().replace(`${BEGIN}\n`, `${BEGIN}\n<p>`),
      mistake: "wrong_passphrase_or_damaged",
    },
    { as: "no rounds", text: () => changed(file(), withRounds(0)), mistake: "wrong_passphrase_or_damaged" },
    {
      as: "more than ten million rounds",
      text: () => changed(file(), withRounds(10_000_001)),
      mistake: "wrong_passphrase_or_damaged",
    },
    {
      as: "rounds that look negative",
      text: () => changed(file(), withRounds(0xffff_ffff)),
      mistake: "wrong_passphrase_or_damaged",
    },
    { as: "an object", text: () => written({ sessions: [] }), mistake: "not_a_list" },
    { as: "a text", text: () => written('"[]"'), mistake: "not_a_list" },
    { as: "no JSON", text: () => written("sessions"), mistake: "not_a_list" },
    { as: "nothing inside", text: () => written(""), mistake: "not_a_list" },
    { as: "a list that does not end", text: () => written('[{"room_id":"!a"},'), mistake: "not_a_list" },
    { as: "two lists", text: () => written("[][]"), mistake: "not_a_list" },
  ])("$as", async ({ text, mistake }) => {
    expect(await open(text())).toEqual({ status: "refused", mistake });
  });

  it.each(["", "correct horse - Batterie", `${PASSPHRASE} `])(
    "with a passphrase that is nearly right: %j",
    async (passphrase) => {
      expect(await open(file(), passphrase)).toEqual({
        status: "refused",
        mistake: "wrong_passphrase_or_damaged",
      });
    },
  );

  it("that is too large", async () => {
    const bytes = Buffer.alloc(MAX_KEY_FILE_BYTES + 1);
    expect(await openKeyFile(bytes, PASSPHRASE)).toEqual({ status: "refused", mistake: "too_large" });
  });

  it("because its reading is stopped", async () => {
    const sessions = Array.from({ length: 300 }, () => exportedSession());
    const reading = openKeyFile(Buffer.from(written(sessions)), PASSPHRASE, AbortSignal.abort());
    await expect(reading).rejects.toThrow("aborted");
  });
});
