import { parseUserId } from "../../../src/platforms/matrix/ids/identifiers.ts";
import type { AuthorizationServer } from "../../lab/authorization-server/authorization-server.ts";
import type { Person, SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";

/** Alone on its line, so that it can be copied. */
const CODE = /^[A-Z]{6}$/mu;
const LONGEST_MS = 3 * 60_000;

/** The chat in which somebody signs in. */
export interface LinkPlace {
  readonly person: Person;
  readonly roomId: string;
  readonly botUserId: string;
}

/** A waiting sign-in and the message that shows it. */
export interface OfferedLink {
  readonly code: string;
  readonly message: SeenMessage;
  /** Event ID of the command. */
  readonly commandId: string;
}

/** Asks for a link and returns the code in the answer. */
export async function askForLink(
  { person, roomId, botUserId }: LinkPlace,
  { side, userId }: { side: "old" | "new"; userId: string },
): Promise<OfferedLink> {
  const commandId = await person.say(roomId, `!login ${side} ${userId}`);
  const message = await person.waitForMessage(roomId, (seen) => CODE.test(textOf(seen)), {
    from: botUserId,
    after: commandId,
  });
  return { code: CODE.exec(textOf(message))?.[0] ?? "", message, commandId };
}

/** Waits until a message was edited to contain these words. */
export async function becomes(
  { person, botUserId }: LinkPlace,
  { eventId, roomId }: SeenMessage,
  words: string,
): Promise<string> {
  const isIt = (seen: SeenMessage): boolean => seen.eventId === eventId && textOf(seen).includes(words);
  return textOf(await person.waitForMessage(roomId, isIt, { from: botUserId, timeoutMs: LONGEST_MS }));
}

/**
 * The whole sign-in, with the person's approval on the authorization server's page.
 * @returns the final text of the message
 */
export async function signInByLink(
  place: LinkPlace,
  account: { side: "old" | "new"; userId: string },
  authorizationServer: AuthorizationServer,
): Promise<string> {
  const { code, message } = await askForLink(place, account);
  await authorizationServer.approve(code, parseUserId(account.userId)?.localpart ?? "");
  return becomes(place, message, "is signed in");
}
