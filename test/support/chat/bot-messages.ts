import type { Person, SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";

let probes = 0;

export interface ProbeOptions {
  botUserId: string;
  /** Messages after this event are returned. */
  after: string;
  /** Who sends the probe, if it is not the person who reads. */
  by?: Person;
}

/**
 * All messages of the bot after an event. The bot answers the messages of a room in order, so this
 * sends a command as a probe: once it is answered, all earlier messages are answered.
 */
export async function botMessagesBehind(
  person: Person,
  roomId: string,
  { botUserId, after, by = person }: ProbeOptions,
): Promise<SeenMessage[]> {
  const word = `probe${++probes}end`;
  // Otherwise a bot on another server might receive the probe first.
  await by.waitForMessage(roomId, ({ eventId }) => eventId === after);
  await by.say(roomId, `!${word}`);
  const answer = await person.waitForMessage(roomId, (message) => textOf(message).includes(word), {
    from: botUserId,
    after,
  });
  return botMessages(person, roomId, { botUserId, after }).filter(
    ({ eventId }) => eventId !== answer.eventId,
  );
}

/**
 * The bot's messages in the room so far, decrypted or not, without edits.
 * @param after only messages after this event
 */
export function botMessages(
  person: Person,
  roomId: string,
  { botUserId, after }: { botUserId: string; after?: string },
): SeenMessage[] {
  const messages = person.messages(roomId);
  const from = messages.findIndex(({ eventId }) => eventId === after) + 1;
  return messages
    .slice(from)
    .filter(
      ({ sender, type, stateKey, relation }) =>
        sender === botUserId &&
        stateKey === undefined &&
        type !== "m.room.redaction" &&
        relation?.type !== "m.replace",
    );
}
