import type { Person } from "../person/person.ts";
import { textOf } from "../person/person.ts";

/** The people of the history. Their clients run. */
export interface EncryptedHistoryOptions {
  /** The person whose account is to be moved. */
  readonly owner: Person;
  /** The people who write to the owner. The first one makes rooms too. At least one. */
  readonly friends: readonly [Person, ...Person[]];
}

export interface EncryptedMessage {
  readonly eventId: string;
  readonly body: string;
  /** Whether the owner's client has the key. */
  readonly isReadable: boolean;
}

export interface EncryptedRoom {
  readonly roomId: string;
  readonly name: string;
  /** Oldest first. */
  readonly messages: readonly EncryptedMessage[];
}

/** Encrypted rooms with history of several senders and of several sessions of each. */
export interface EncryptedHistory {
  /**
   * An open room whose members may read everything. It has a message from before the owner came.
   * The owner has its session from a later index on.
   */
  readonly shared: EncryptedRoom;
  /** A room whose members read from their own joining on. */
  readonly hidden: EncryptedRoom;
  /** A room that the owner has left. */
  readonly left: EncryptedRoom;
  readonly direct: EncryptedRoom;
}

/** Makes the rooms and their messages. Then the owner has every key that they can get. */
export async function makeEncryptedHistory(people: EncryptedHistoryOptions): Promise<EncryptedHistory> {
  const [shared, hidden, left, direct] = await Promise.all([
    makeShared(people),
    makeHidden(people),
    makeLeft(people),
    makeDirect(people),
  ]);
  return { shared, hidden, left, direct };
}

async function makeShared({ owner, friends }: EncryptedHistoryOptions): Promise<EncryptedRoom> {
  const [host, ...others] = friends;
  const name = "Shared Garden";
  const roomId = await host.createRoom({ name, encrypted: true, preset: "public_chat" });
  const body = "before you came";
  const early = { eventId: await host.say(roomId, body), body, isReadable: false };
  // With an invitation the host's client would share the keys of the past (MSC4268).
  const guests = [owner, ...others];
  await Promise.all(guests.map((guest) => guest.join(roomId, [serverOf(host)])));
  await everybodyKnows([host, ...guests], roomId);
  return { roomId, name, messages: [early, ...(await converse(roomId, [host, owner, ...others], owner))] };
}

async function makeHidden({ owner, friends }: EncryptedHistoryOptions): Promise<EncryptedRoom> {
  const name = "Hidden Cellar";
  const roomId = await owner.createRoom({ name, encrypted: true });
  await owner.sendState(roomId, "m.room.history_visibility", "", { history_visibility: "joined" });
  await gather(owner, friends, roomId);
  return { roomId, name, messages: await converse(roomId, [owner, ...friends], owner) };
}

async function makeLeft({ owner, friends }: EncryptedHistoryOptions): Promise<EncryptedRoom> {
  const [host] = friends;
  const name = "Left Attic";
  const roomId = await host.createRoom({ name, encrypted: true });
  await gather(host, [owner], roomId);
  const messages = await converse(roomId, [host], owner);
  await owner.leave(roomId);
  return { roomId, name, messages };
}

async function makeDirect({ owner, friends: [friend] }: EncryptedHistoryOptions): Promise<EncryptedRoom> {
  const roomId = await owner.createDirectChat(friend.userId, { encrypted: true });
  await arrive(owner, friend, roomId);
  return { roomId, name: friend.userId, messages: await converse(roomId, [owner, friend], owner) };
}

async function gather(host: Person, guests: readonly Person[], roomId: string): Promise<void> {
  await Promise.all(
    guests.map(async (guest) => {
      await host.invite(roomId, guest.userId);
      await arrive(host, guest, roomId);
    }),
  );
  await everybodyKnows([host, ...guests], roomId);
}

/** A sender that does not know a member yet would not send the key to it. */
async function everybodyKnows(members: readonly Person[], roomId: string): Promise<void> {
  await Promise.all(
    members.flatMap((one) => members.map((other) => one.waitForMembership(roomId, other.userId, "join"))),
  );
}

async function arrive(host: Person, guest: Person, roomId: string): Promise<void> {
  await guest.waitForMembership(roomId, guest.userId, "invite");
  await guest.join(roomId, [serverOf(host)]);
  await host.waitForMembership(roomId, guest.userId, "join");
}

/** Everybody writes twice, each time in a new session. */
async function converse(
  roomId: string,
  senders: readonly Person[],
  owner: Person,
): Promise<EncryptedMessage[]> {
  const messages: EncryptedMessage[] = [];
  for (const word of ["first", "second"]) {
    for (const sender of senders) {
      const body = `${word} of ${sender.userId}`;
      if (word === "second") await sender.keys.rotateSession(roomId);
      const eventId = await sender.say(roomId, body);
      await owner.waitForMessage(
        roomId,
        (message) => message.eventId === eventId && textOf(message) === body,
      );
      messages.push({ eventId, body, isReadable: true });
    }
  }
  return messages;
}

function serverOf({ userId }: Person): string {
  return userId.slice(userId.indexOf(":") + 1);
}
