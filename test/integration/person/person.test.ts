import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { Person, PersonOptions, SeenMessage } from "../../lab/person/person.ts";
import { startPerson, textOf } from "../../lab/person/person.ts";
import { startFaultProxy } from "../../support/faults/fault-proxy.ts";

const PASSWORD = "a person's password";

/** What the tests of this file share. */
interface Fixture {
  folder: string;
  pair: HomeserverPair;
}

const fixture = {} as Fixture;
const started: Person[] = [];

beforeAll(async () => {
  fixture.folder = await mkdtemp(join(tmpdir(), "person-"));
  fixture.pair = await startHomeserverPair({ folder: fixture.folder, limits: "unlimited" });
});

afterAll(async () => {
  const { folder, pair } = fixture;
  await Promise.all(started.map((person) => person.stop()));
  await pair.stop();
  await rm(folder, { recursive: true, force: true });
});

type Choices = Pick<PersonOptions, "displayName" | "encryption" | "crossSigning" | "onlyTrustSignedDevices">;

async function signIn(userId: string, server: Homeserver, choices: Choices = {}): Promise<Person> {
  const person = await startPerson({ baseUrl: server.baseUrl, userId, password: PASSWORD, ...choices });
  started.push(person);
  return person;
}

async function newPerson(localpart: string, server: Homeserver, choices: Choices = {}): Promise<Person> {
  const { userId } = await server.registerUser({ localpart, password: PASSWORD });
  return signIn(userId, server, choices);
}

async function meet(host: Person, guest: Person, roomId: string): Promise<void> {
  await guest.waitForInvite({ from: host.userId });
  await guest.join(roomId);
  await host.waitForMembership(roomId, guest.userId, "join");
}

function bodyIs(body: string): (message: SeenMessage) => boolean {
  return (message) => textOf(message) === body;
}

describe("two people on two servers in an encrypted chat, one of whom trusts signed devices only", () => {
  let anna: Person;
  let ben: Person;
  let roomId: string;

  beforeAll(async () => {
    const { pair } = fixture;
    anna = await newPerson("anna", pair.old, { displayName: "Anna" });
    ben = await newPerson("ben", pair.new, { onlyTrustSignedDevices: true });
    roomId = await anna.createDirectChat(ben.userId, { encrypted: true });
    await meet(anna, ben, roomId);
  });

  it("read each other's texts, without a shield", async () => {
    const eventId = await anna.say(roomId, "good morning", {
      format: "org.matrix.custom.html",
      formatted_body: "<b>good</b> morning",
    });
    const seen = await ben.waitForMessage(roomId, bodyIs("good morning"), { from: anna.userId });
    expect(seen).toMatchObject({
      eventId,
      sender: anna.userId,
      type: "m.room.message",
      isEncrypted: true,
      shield: null,
    });
    expect(seen.content).toMatchObject({
      msgtype: "m.text",
      formatted_body: "<b>good</b> morning",
      "m.mentions": {},
    });

    expect(await anna.signedDevices(ben.userId)).toEqual([ben.deviceId]);

    const question = await anna.say(roomId, "are you there?");
    const asked = await ben.waitForMessage(roomId, bodyIs("are you there?"));
    await ben.say(roomId, "yes", { "m.relates_to": { "m.in_reply_to": { event_id: asked.eventId } } });
    expect(await anna.waitForMessage(roomId, bodyIs("yes"), { after: question })).toMatchObject({
      content: { body: "yes" },
      isEncrypted: true,
      shield: null,
      relation: { type: "m.in_reply_to", eventId: asked.eventId },
    });
  });

  it("see an edit at the message it edits", async () => {
    const eventId = await ben.say(roomId, "at sven");
    await anna.waitForMessage(roomId, bodyIs("at sven"));
    await ben.edit(roomId, eventId, "at seven");
    const edited = await anna.waitForMessage(roomId, bodyIs("at seven"));
    expect(edited).toMatchObject({
      eventId,
      content: { body: "at sven" },
      latestEditContent: { body: "at seven" },
    });
  });

  it("see reactions, and redactions of texts and reactions", async () => {
    const eventId = await anna.say(roomId, "to be removed");
    await ben.waitForMessage(roomId, bodyIs("to be removed"));
    const reactionId = await ben.react(roomId, eventId, "✅");
    const reaction = await anna.waitForMessage(roomId, ({ relation }) => relation?.key === "✅");
    expect(reaction).toMatchObject({
      type: "m.reaction",
      relation: { type: "m.annotation", eventId },
      eventId: reactionId,
    });

    await anna.redact(roomId, eventId);
    await ben.redact(roomId, reactionId);
    const removed = await ben.waitForMessage(
      roomId,
      (message) => message.eventId === eventId && message.isRedacted,
    );
    expect(removed.content).toEqual({});
    await anna.waitForMessage(roomId, (message) => message.eventId === reactionId && message.isRedacted);
  });

  it.each([
    { name: "from the first to the second", parties: () => [anna, ben] as const },
    { name: "from the second to the first", parties: () => [ben, anna] as const },
  ])("send files $name", async ({ parties }) => {
    const [sender, receiver] = parties();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const eventId = await sender.sendFile(roomId, { name: "rooms.csv", mimetype: "text/csv", bytes });
    const message = await receiver.waitForMessage(
      roomId,
      (seen) => seen.eventId === eventId && seen.type === "m.room.message",
    );
    expect(message.content).toMatchObject({ msgtype: "m.file", body: "rooms.csv", file: { v: "v2" } });
    expect(message.content).not.toHaveProperty("url");
    expect(await receiver.downloadFile(message)).toEqual(bytes);
  });

  it("see the same conversation in the same order, their own messages included", async () => {
    // Events that two people send at the same time may have another order on another server. These
    // events followed each other.
    const conversation = (person: Person) => person.messages(roomId).map(textOf).filter(Boolean);
    const expected = [
      "good morning",
      "are you there?",
      "yes",
      "at seven",
      "* at seven",
      "rooms.csv",
      "rooms.csv",
    ];
    // A person may see another's message before the sender's own client gets it back from the
    // server.
    for (const person of [anna, ben]) await expect.poll(() => conversation(person)).toEqual(expected);
  });
});

describe("a person who trusts signed devices only", () => {
  it("neither reads messages of an unsigned device nor sends keys to it", async () => {
    const { pair } = fixture;
    const cleo = await newPerson("cleo", pair.old, { onlyTrustSignedDevices: true });
    const unsigned = await newPerson("dora", pair.old, { crossSigning: false });
    const roomId = await cleo.createRoom({ encrypted: true, invite: [unsigned.userId] });
    await meet(cleo, unsigned, roomId);

    const unheard = await unsigned.say(roomId, "can you hear me?");
    const untold = await cleo.say(roomId, "a secret");
    const atCleo = await cleo.waitForMessage(
      roomId,
      (message) => message.eventId === unheard && message.decryptionFailure !== undefined,
    );
    expect(atCleo).toMatchObject({ type: "m.room.encrypted", decryptionFailure: "UNSIGNED_SENDER_DEVICE" });
    const atDora = await unsigned.waitForMessage(
      roomId,
      (message) => message.eventId === untold && message.decryptionFailure !== undefined,
    );
    expect(atDora.decryptionFailure).toBe("MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE");
    expect(await cleo.signedDevices(unsigned.userId)).toEqual([]);
  });

  it("can still send messages after a new device has replaced the keys", async () => {
    const { pair } = fixture;
    const first = await newPerson("emil", pair.old, { onlyTrustSignedDevices: true });
    const second = await signIn(first.userId, pair.old, { onlyTrustSignedDevices: true });
    expect(second.deviceId).not.toBe(first.deviceId);
    const roomId = await second.createRoom({ encrypted: true });
    const eventId = await second.say(roomId, "still here");
    expect(await second.waitForMessage(roomId, bodyIs("still here"))).toMatchObject({
      eventId,
      isEncrypted: true,
    });
  });
});

describe("a person in rooms that are not encrypted", () => {
  it("creates, names and restricts a room, invites into it and sees who joins", async () => {
    const { pair } = fixture;
    const fritz = await newPerson("fritz", pair.old, { encryption: false, displayName: "Fritz" });
    const gerda = await newPerson("gerda", pair.new);
    const roomId = await fritz.createRoom({
      name: "Garden",
      alias: "garden",
      powerLevels: { events_default: 10 },
    });
    await fritz.invite(roomId, gerda.userId);
    await meet(fritz, gerda, roomId);
    const host = expect.objectContaining({
      userId: fritz.userId,
      membership: "join",
      displayName: "Fritz",
    }) as unknown;
    await expect.poll(() => gerda.members(roomId)).toContainEqual(host);
    await expect(gerda.say(roomId, "may I?")).rejects.toMatchObject({
      name: "PersonError",
      errcode: "M_FORBIDDEN",
      status: 403,
    });

    const bytes = Buffer.from("apples\n");
    const eventId = await fritz.sendFile(roomId, { name: "apples.txt", mimetype: "text/plain", bytes });
    const message = await gerda.waitForMessage(roomId, (seen) => seen.eventId === eventId);
    expect(message).toMatchObject({ isEncrypted: false, shield: null });
    expect(message.content["url"]).toMatch(/^mxc:/);
    expect(await gerda.downloadFile(message)).toEqual(bytes);

    await gerda.leave(roomId);
    await fritz.waitForMembership(roomId, gerda.userId, "leave");
  });

  it("sees everything that happened while the process was frozen, in order", async () => {
    const { pair } = fixture;
    const hans = await newPerson("hans", pair.old, { encryption: false });
    const ida = await newPerson("ida", pair.old, { encryption: false });
    const roomId = await hans.createRoom({ invite: [ida.userId] });
    await meet(hans, ida, roomId);
    const numbers = Array.from({ length: 70 }, (_, index) => `number ${index}`);
    process.kill(ida.processId ?? 0, "SIGSTOP");
    for (const number of numbers) await hans.say(roomId, number);
    process.kill(ida.processId ?? 0, "SIGCONT");
    for (const number of numbers) await ida.waitForMessage(roomId, bodyIs(number));
    expect(ida.messages(roomId).map(textOf).filter(Boolean)).toEqual(numbers);
  });

  it("sees what came between its last sync and an event of its own, in order", async () => {
    const { pair } = fixture;
    const proxy = await startFaultProxy({ target: pair.old.baseUrl });
    const olga = await newPerson("olga", { ...pair.old, baseUrl: proxy.url }, { encryption: false });
    const nils = await newPerson("nils", pair.old, { encryption: false });
    const roomId = await olga.createRoom({ invite: [nils.userId] });
    await meet(olga, nils, roomId);
    const goesOn = Promise.withResolvers<undefined>();
    const isHeld = Promise.withResolvers<undefined>();
    proxy.setRule(({ path }) => {
      if (!path.endsWith("/sync")) return undefined;
      isHeld.resolve(undefined);
      return { kind: "hold", until: goesOn.promise };
    });
    const greeting = await nils.say(roomId, "hello");
    await isHeld.promise;
    const numbers = Array.from({ length: 55 }, (_, index) => `number ${index}`);
    for (const number of numbers) await nils.say(roomId, number);
    const own = await olga.react(roomId, greeting, "✅");
    await nils.say(roomId, "last");
    goesOn.resolve(undefined);
    for (const number of [...numbers, "last"]) await olga.waitForMessage(roomId, bodyIs(number));
    const seen = olga.messages(roomId).map((message) => (message.eventId === own ? "✅" : textOf(message)));
    expect(seen.filter(Boolean)).toEqual(["hello", ...numbers, "✅", "last"]);
    await olga.stop();
    await proxy.stop();
  });

  it("sees an invitation from before its start, and accepts nothing by itself", async () => {
    const { pair } = fixture;
    const jan = await newPerson("jan", pair.old, { encryption: false });
    const { userId } = await pair.old.registerUser({ localpart: "karl", password: PASSWORD });
    const roomId = await jan.createDirectChat(userId, { encrypted: false });
    const karl = await signIn(userId, pair.old, { encryption: false });
    expect(await karl.waitForInvite({ from: jan.userId })).toBe(roomId);
    const invited = expect.objectContaining({ userId, membership: "invite" }) as unknown;
    await expect.poll(() => jan.members(roomId)).toContainEqual(invited);
  });
});

describe("a person's process", () => {
  it("rejects every wait when it dies, and stops cleanly afterwards", async () => {
    const lena = await newPerson("lena", fixture.pair.old, { encryption: false });
    const roomId = await lena.createRoom({});
    const waiting = lena.waitForMessage(roomId, () => false);
    process.kill(lena.processId ?? 0, "SIGKILL");
    await expect(waiting).rejects.toThrow(`The process of ${lena.userId} ended (SIGKILL)`);
    await expect(lena.say(roomId, "anyone?")).rejects.toThrow("ended (SIGKILL)");
    await lena.stop();
  });

  it("says who refused a sign-in, and ends", async () => {
    const { pair } = fixture;
    const { userId } = await pair.old.registerUser({ localpart: "mia", password: PASSWORD });
    const start = startPerson({ baseUrl: pair.old.baseUrl, userId, password: "another password" });
    await expect(start).rejects.toMatchObject({ errcode: "M_FORBIDDEN", status: 403 });
  });
});
