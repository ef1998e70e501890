import { createDecipheriv, createHash, randomBytes } from "node:crypto";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { RoomConversation } from "../../../src/chat/conversation.ts";
import { encryptFile } from "../../../src/chat/encrypt-file.ts";
import { readUploadLimit } from "../../../src/chat/upload-limit.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { fakeClient, refusal } from "./fake-client.ts";
import { outboxOf } from "./fake-outbox.ts";

async function setUp(encryptedRooms: string[] = []) {
  const { store } = await temporaryStore();
  const fake = fakeClient({ encryptedRooms });
  const outbox = outboxOf(store, fake.client, { log: pino({ enabled: false }) });
  const conversation = new RoomConversation({
    outbox,
    questions: store.questions,
    controlRoomIds: new Set(),
    directChatOf: async () => null,
    address: {
      ...{ roomId: "!r", eventId: "$event", threadRoot: null, roomKind: "direct" },
      ...{ sender: "@me:x.org", isEncrypted: true },
    },
    cause: null,
    now: () => Date.now(),
  });
  const send = (isPlainAllowed: boolean, signal = new AbortController().signal) =>
    conversation.sendFile(
      { fileName: "keys.txt", mimeType: "text/plain", bytes: Buffer.from("the keys") },
      { key: "file 1", isPlainAllowed, signal },
    );
  return { ...fake, store, outbox, send };
}

describe("a file that must be encrypted", () => {
  it("is sent to an encrypted room, once, and nothing of it is kept", async () => {
    const { outbox, send, sent, uploads, store } = await setUp(["!r"]);
    outbox.start();
    expect([await send(false), await send(false)]).toEqual([true, true]);
    expect(sent()).toMatchObject([{ type: "m.room.encrypted" }]);
    expect(uploads).toHaveLength(1);
    expect(await store.outbox.unsentCount()).toBe(0);
    await outbox.stop();
  });

  it("is not sent to another room, and not uploaded", async () => {
    const { outbox, send, sent, uploads } = await setUp();
    outbox.start();
    expect(await send(false)).toBe(false);
    expect([sent(), uploads]).toEqual([[], []]);
    await outbox.stop();
  });

  it("is sent there if the person allowed it", async () => {
    const { outbox, send, sent } = await setUp();
    outbox.start();
    expect(await send(true)).toBe(true);
    expect(sent()).toMatchObject([{ content: { msgtype: "m.file", filename: "keys.txt" } }]);
    await outbox.stop();
  });

  it("that the server refuses is not sent", async () => {
    const { outbox, send, state } = await setUp(["!r"]);
    state.answer = () => {
      throw refusal(403, "M_FORBIDDEN");
    };
    outbox.start();
    expect(await send(false)).toBe(false);
    await outbox.stop();
  });

  it("is no longer waited for when the process stops", async () => {
    const { send } = await setUp(["!r"]);
    await expect(send(false, AbortSignal.abort())).rejects.toThrow("aborted");
  });
});

it("an encrypted file is decrypted by its keys, and fits its hash", async () => {
  const bytes = randomBytes(2_500_000);
  const { buffer, file } = await encryptFile(bytes);
  const key = Buffer.from(file.key.k, "base64url");
  const decipher = createDecipheriv("aes-256-ctr", key, Buffer.from(file.iv, "base64"));
  expect(decipher.update(buffer).equals(bytes)).toBe(true);
  const hash = createHash("sha256").update(buffer).digest("base64").replace(/=+$/, "");
  expect(file).toMatchObject({ v: "v2", key: { alg: "A256CTR", kty: "oct" }, hashes: { sha256: hash } });
});

describe("the largest file that can be sent", () => {
  const limit = (answers: Record<string, unknown>) =>
    readUploadLimit({
      doRequest: async (_method, path) => {
        if (path in answers) return answers[path];
        throw refusal(404, "M_UNRECOGNIZED");
      },
    });

  it.each([
    { as: "as the server says", path: "/_matrix/client/v1/media/config", size: 9_000, limit: 9_000 },
    { as: "as an older server says", path: "/_matrix/media/v3/config", size: 8_000, limit: 8_000 },
    { as: "the usual one if it says none", path: "/_matrix/media/v3/config", size: null, limit: 52_428_800 },
    { as: "the usual one if it does not answer", path: "/none", size: 1, limit: 52_428_800 },
  ])("is $as", async ({ path, size, limit: expected }) => {
    expect(await limit({ [path]: { "m.upload.size": size } })).toBe(expected);
  });
});
