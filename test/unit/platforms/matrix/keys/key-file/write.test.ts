import { initAsync, OlmMachine } from "@matrix-org/matrix-sdk-crypto-wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { entryText, readFileEntry } from "../../../../../../src/platforms/matrix/keys/key-file/entry.ts";
import { openKeyFile } from "../../../../../../src/platforms/matrix/keys/key-file/open.ts";
import { listBytesIn, writeKeyFile } from "../../../../../../src/platforms/matrix/keys/key-file/write.ts";
import { exportedSession } from "./exported-session.ts";

beforeAll(() => initAsync());

describe("a written key file", () => {
  it("is opened by the crypto library of Element", async () => {
    const sessions = Array.from({ length: 200 }, (_, index) => exportedSession({ index }));
    const file = await writeKeyFile(
      sessions.map((session) => JSON.stringify(session)),
      "pass – phrase",
    );
    expect(JSON.parse(OlmMachine.decryptExportedRoomKeys(file.toString(), "pass – phrase"))).toEqual(
      sessions,
    );
  });

  it("has Element's lines and rounds, and the size that was asked for", async () => {
    const entries = Array.from({ length: 100 }, () => JSON.stringify(exportedSession()));
    const file = await writeKeyFile(entries, "pass");
    const lines = file.toString().split("\n");
    const body = lines.slice(1, -2);
    expect(lines[0]).toBe("-----BEGIN MEGOLM SESSION DATA-----");
    expect(lines.slice(-2)).toEqual(["-----END MEGOLM SESSION DATA-----", ""]);
    expect(new Set(body.slice(0, -1).map(({ length }) => length))).toEqual(new Set([128]));
    const bytes = Buffer.from(body.join(""), "base64");
    expect(bytes.readUInt32BE(33)).toBe(500_000);
    expect((bytes[25] ?? 0) & 0x80).toBe(0);
    const listBytes = `[${entries.join(",")}]`.length;
    expect(listBytesIn(file.length)).toBeLessThanOrEqual(listBytes);
    expect(listBytesIn(file.length + 129)).toBeGreaterThanOrEqual(listBytes);
  });

  it("without keys is opened as well", async () => {
    expect(await openKeyFile(await writeKeyFile([], "pass"), "pass")).toEqual({
      status: "opened",
      content: { entries: [] },
      badEntries: 0,
    });
  });
});

describe("the entry of a session of a backup", () => {
  it("is read back as it was", () => {
    const { room_id: roomId, session_id: sessionId, ...session } = exportedSession({ index: 3 });
    const text = entryText(roomId, sessionId, JSON.stringify(session));
    expect(readFileEntry(text ?? "")).toEqual({
      roomId,
      sessionId,
      firstMessageIndex: 3,
      session: JSON.stringify(session),
    });
  });

  it.each([
    { as: "no JSON", session: "{" },
    { as: "a list", session: "[]" },
    { as: "no key", session: JSON.stringify(exportedSession({ session_key: undefined })) },
    { as: "a key that is cut off", session: JSON.stringify(exportedSession({ session_key: "AQ" })) },
  ])("is not written for $as", ({ session }) => {
    expect(entryText("!room:old.test", "session", session)).toBeNull();
  });
});
