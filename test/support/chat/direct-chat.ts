import type { Person, SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";
import type { Account, BotEnvironment } from "../environments/bot-environment.ts";
import { eventually } from "../eventually.ts";

/** A person in a chat with the bot alone. */
export interface Chat {
  readonly roomId: string;
  readonly person: Person;
  /** Says something and resolves with the bot's whole answer. */
  ask(text: string): Promise<string>;
  /**
   * The answer to `!whoami` after both servers were checked. The bot gives a server five seconds,
   * and a server on a busy machine may need longer, so the command is repeated until then.
   */
  whoami(): Promise<string>;
  /** Waits for a message of the bot that is sent or edited after an event. */
  fromBot(wanted: RegExp | ((message: SeenMessage) => boolean), after: string): Promise<SeenMessage>;
}

/** What the bot says of an account whose server did not answer in time. */
const NOT_CHECKED = "the server does not answer just now";
/** Far more than a busy machine needs. */
const MESSAGE_TIMEOUT_MS = 3 * 60_000;

/** Opens a client for the account and a direct chat that the bot has joined. */
export async function openChat(
  environment: BotEnvironment,
  account: Account,
  { encrypted = false } = {},
): Promise<Chat> {
  const person = await environment.client(account, { encryption: encrypted });
  return chatIn(environment, person, await environment.directChat(person, { encrypted }));
}

export function chatIn(environment: BotEnvironment, person: Person, roomId: string): Chat {
  const ask = async (text: string): Promise<string> => textOf(await environment.answer(person, roomId, text));
  return {
    person,
    roomId,
    ask,
    whoami: () =>
      eventually("the check of both accounts", async () => {
        const answer = await ask("!whoami");
        return answer.includes(NOT_CHECKED) ? undefined : answer;
      }),
    fromBot: (wanted, after) =>
      person.waitForMessage(
        roomId,
        (message) => (wanted instanceof RegExp ? wanted.test(textOf(message)) : wanted(message)),
        { from: environment.botUserId, after, timeoutMs: MESSAGE_TIMEOUT_MS },
      ),
  };
}

/** Signs both accounts of the person in by password. */
export async function signInBoth(chat: Chat, accounts: Record<"old" | "new", Account>): Promise<void> {
  for (const [side, { userId, password }] of Object.entries(accounts)) {
    const answer = await chat.ask(`!login ${side} ${userId} --password ${password}`);
    if (!answer.includes("is signed in")) throw new Error(`The ${side} account is not signed in: ${answer}`);
  }
}
