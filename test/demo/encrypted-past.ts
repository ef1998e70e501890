import type { HomeserverPair } from "../lab/homeservers/pair.ts";
import { startPerson } from "../lab/person/person.ts";
import type { PopulatedPerson, Population } from "../lab/population/population.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";

/** What was written in an encrypted room before the move. */
export interface EncryptedPast {
  readonly roomId: string;
  readonly roomName: string;
  /** Event ID → text. */
  readonly messages: ReadonlyMap<string, string>;
  /** Of the old account. */
  readonly recoveryKey: string;
  /** Keys in the old account's backup. */
  readonly keyCount: number;
}

/** The two members of the encrypted room talk, and Ada's app makes a backup of the keys. */
export async function makeEncryptedPast(
  pair: HomeserverPair,
  { rooms, source, people }: Population,
): Promise<EncryptedPast> {
  const room = rooms.find(({ kind }) => kind === "encrypted");
  if (room === undefined) throw new Error("the population has no encrypted room");
  const { roomId } = room;
  // The secret storage of the population is made up. An empty default key switches it off.
  const storage = `/user/${encodeURIComponent(source.userId)}/account_data/m.secret_storage.default_key`;
  await new AccountOnServer(pair, source).act("PUT", storage, {});
  await using ada = await open(source);
  const members = await ada.members(roomId);
  const friend = people.find(({ userId }) => members.some((member) => member.userId === userId));
  if (friend === undefined) throw new Error("nobody else is in the encrypted room");
  await using other = await open(friend);
  const messages = new Map<string, string>();
  for (const [sender, text] of [
    [other, "The keys to the boathouse are under the third stone."],
    [ada, "I found them, thank you!"],
    [other, "Rehearsal is on Thursday at eight."],
  ] as const) {
    await sender.keys.rotateSession(roomId);
    const eventId = await sender.say(roomId, text);
    await ada.waitForMessage(
      roomId,
      (message) => message.eventId === eventId && message.type === "m.room.message",
    );
    messages.set(eventId, text);
  }
  const recoveryKey = await ada.keys.setUpStorage();
  return { roomId, roomName: room.name, messages, recoveryKey, keyCount: await ada.keys.uploaded() };

  function open({ side, userId, password }: PopulatedPerson): ReturnType<typeof startPerson> {
    return startPerson({ baseUrl: pair[side].baseUrl, userId, password });
  }
}
