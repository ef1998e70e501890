import type { Person, SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";

let probes = 0;

export interface ProbeOptions {
  botUserId: string;
  /** Looks at what stands behind this event. */
  after: string;
  /** Who sends the probe, if another person than the one who looks. */
  by?: Person;
}

/**
 * Everything the bot said in the room behind an event. A probe, a command that is sent now, tells
 * when: once it is answered, whatever the bot had to say to earlier messages is said, for answers
 * of one room keep their order.
 */
export async function botMessagesBehind(
  person: Person,
  roomId: string,
  { botUserId, after, by = person }: ProbeOptions,
): Promise<SeenMessage[]> {
  const word = `probe${++probes}end`;
  // Else the bot, on another server perhaps, might hear of the probe first.
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
 * What the bot said in the room so far, readable or not, without edits; behind an event, if one is
 * given.
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
