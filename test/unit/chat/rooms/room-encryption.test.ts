import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { RoomEncryption } from "../../../../src/chat/rooms/room-encryption.ts";
import type { Store } from "../../../../src/store/store.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";
import { bareAnswer, fakeClient, refusal } from "../fake-client.ts";

const ROOM = "!r:x.org";
const MEGOLM = { algorithm: "m.megolm.v1.aes-sha2" };

async function setUp() {
  const { store, reopen } = await temporaryStore();
  const fake = fakeClient();
  const server: { encryption: () => unknown; visibility: () => unknown } = {
    encryption: () => absent(),
    visibility: () => absent(),
  };
  fake.state.answer = ({ path }) =>
    path.endsWith("/m.room.encryption/") ? server.encryption() : server.visibility();
  const clock = { now: 0 };
  const encryptionOf = (from: Store) =>
    new RoomEncryption({ state: from.bot, client: fake.client, monotonicNow: () => clock.now });
  return { encryption: encryptionOf(store), encryptionOf, reopen, server, clock, requests: fake.requests };
}

function absent(): never {
  throw refusal(404, "M_NOT_FOUND");
}

function failing(failure: unknown): () => never {
  return () => {
    throw failure;
  };
}

describe("whether a room is encrypted", () => {
  const unknown: { name: string; answer: () => unknown }[] = [
    { name: "a proxy's 504", answer: failing(bareAnswer(504)) },
    { name: "a proxy's 404", answer: failing(bareAnswer(404)) },
    { name: "a proxy's page with 200", answer: () => "<html>" },
    {
      name: "a 404 of a server without this request",
      answer: failing(refusal(404, "M_UNRECOGNIZED")),
    },
    { name: "a refusal", answer: failing(refusal(403, "M_FORBIDDEN")) },
    { name: "a rate limit", answer: failing(refusal(429, "M_LIMIT_EXCEEDED")) },
    { name: "an error of the server", answer: failing(refusal(500, "M_UNKNOWN")) },
    { name: "no answer", answer: failing(new Error("ETIMEDOUT")) },
  ];
  it.each(unknown)("is not known after $name, and is asked again", async ({ answer }) => {
    const { encryption, server } = await setUp();
    server.encryption = answer;
    await expect(encryption.isEncrypted(ROOM)).rejects.toBeDefined();
    expect(await encryption.mayBeEncrypted(ROOM)).toBe(true);
    server.encryption = () => MEGOLM;
    expect(await encryption.isEncrypted(ROOM)).toBe(true);
  });

  it.each<{ name: string; content: unknown }>([
    { name: "a configuration", content: MEGOLM },
    { name: "an empty content, which a redaction leaves", content: {} },
    { name: "an algorithm of the future", content: { algorithm: "m.mls" } },
  ])("is yes by $name", async ({ content }) => {
    const { encryption, server } = await setUp();
    server.encryption = () => content;
    expect(await encryption.isEncrypted(ROOM)).toBe(true);
  });

  it("stays yes, whatever the server says later, after a restart too", async () => {
    const { encryption, encryptionOf, server, reopen } = await setUp();
    server.encryption = () => MEGOLM;
    await encryption.isEncrypted(ROOM);
    server.encryption = absent;
    expect(await encryption.isEncrypted(ROOM)).toBe(true);
    encryption.forgetPlain(ROOM);
    expect(await encryptionOf(await reopen()).isEncrypted(ROOM)).toBe(true);
  });

  it("is no only by the server's word, and is then not asked for each message", async () => {
    const { encryption, requests } = await setUp();
    for (let message = 0; message < 3; message++) expect(await encryption.isEncrypted(ROOM)).toBe(false);
    expect(requests).toHaveLength(1);
  });

  it("becomes yes by an event of the room", async () => {
    const { encryption } = await setUp();
    expect(await encryption.isEncrypted(ROOM)).toBe(false);
    await encryption.seen(ROOM, MEGOLM);
    expect(await encryption.isEncrypted(ROOM)).toBe(true);
  });

  it("becomes yes by an event that arrives while the server is being asked", async () => {
    const { encryption, server } = await setUp();
    const asked = Promise.withResolvers<undefined>();
    const answered = Promise.withResolvers<undefined>();
    server.encryption = async () => {
      asked.resolve(undefined);
      await answered.promise;
      return absent();
    };
    const read = encryption.isEncrypted(ROOM);
    await asked.promise;
    await encryption.seen(ROOM, MEGOLM);
    answered.resolve(undefined);
    expect(await read).toBe(true);
  });

  it.each<{ name: string; happen: (encryption: RoomEncryption, clock: { now: number }) => void }>([
    { name: "after events that a sync left out", happen: (encryption) => encryption.forgetPlain(ROOM) },
    { name: "while no sync arrives", happen: (_encryption, clock) => (clock.now += 120_000) },
  ])("is asked again $name", async ({ happen }) => {
    const { encryption, server, clock } = await setUp();
    expect(await encryption.isEncrypted(ROOM)).toBe(false);
    happen(encryption, clock);
    server.encryption = () => MEGOLM;
    expect(await encryption.isEncrypted(ROOM)).toBe(true);
  });
});

describe("the configuration of an encrypted room", () => {
  it("holds what the library can use, and leaves out what would fail every message", async () => {
    const { encryption, server } = await setUp();
    server.visibility = () => ({ history_visibility: "shared" });
    await encryption.seen(ROOM, { ...MEGOLM, rotation_period_ms: 1.5, rotation_period_msgs: -1 });
    expect(await encryption.configuration(ROOM)).toEqual({ ...MEGOLM, historyVisibility: "shared" });
    await encryption.seen(ROOM, { ...MEGOLM, rotation_period_ms: 3_600_000, rotation_period_msgs: 10 });
    expect(await encryption.configuration(ROOM)).toMatchObject({
      rotation_period_ms: 3_600_000,
      rotation_period_msgs: 10,
    });
  });

  it("is taken over from the file of earlier versions, which names rooms by their hashes", async () => {
    const { encryption } = await setUp();
    const hashOf = (roomId: string) => createHash("sha512").update(roomId).digest("hex");
    await encryption.adopt(hashOf(ROOM), MEGOLM);
    await encryption.adopt(hashOf("!plain:x.org"), {});
    expect(await encryption.isEncrypted(ROOM)).toBe(true);
    expect(await encryption.isEncrypted("!plain:x.org")).toBe(false);
  });
});
