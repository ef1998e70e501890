import { z } from "zod";
import { askServer } from "../../lab/ask-server.ts";
import { askBot } from "../../lab/bot-answer.ts";
import { startPerson, textOf } from "../../lab/person/person.ts";
import type { Checks } from "../checks.ts";
import type { DemoEnvironment } from "../environment.ts";
import { isRemoved } from "../removed-message.ts";
import { ANSWER_TIMEOUT_MS } from "../report-now.ts";

const backupSchema = z.object({ count: z.number() });

/**
 * The keys of the encrypted history are copied before the rooms are joined.
 *
 * @returns the recovery key of the new account
 */
export async function playKeys(environment: DemoEnvironment, checks: Checks): Promise<string> {
  const { person, chatId, botUserId, past, newAccount } = environment;
  environment.print("  (Ada's app makes a key storage for her new account, as it does at the first sign-in)");
  const recoveryKey = await person.keys.setUpStorage();
  const before = await countKeys();
  await askBot(person, chatId, "!keys", { botUserId });
  const eventId = await person.say(chatId, `!keys copy --recovery-key "${past.recoveryKey}"`);
  await person.waitForMessage(
    chatId,
    (message) => textOf(message).includes("The copy of your keys is done."),
    {
      from: botUserId,
      after: eventId,
      timeoutMs: ANSWER_TIMEOUT_MS,
    },
  );
  await checks.check("the message with the recovery key is gone from the server", () =>
    isRemoved(environment, eventId),
  );
  await checks.check(
    `the new account's backup has all ${past.keyCount} keys of the old one, and kept its own`,
    async () => (await countKeys()) === before + past.keyCount,
  );
  return recoveryKey;

  async function countKeys(): Promise<number> {
    const path = "/_matrix/client/v3/room_keys/version";
    return backupSchema.parse(await askServer(newAccount.server.baseUrl, person.accessToken, path)).count;
  }
}

/** After the move, a new session of the new account reads what was written to the old one. */
export async function playReading(
  { newAccount, past, print }: DemoEnvironment,
  checks: Checks,
  recoveryKey: string,
): Promise<void> {
  print(`  (Ada signs in to her new account on another device and opens ${past.roomName})`);
  const { server, userId, password } = newAccount;
  await using fresh = await startPerson({ baseUrl: server.baseUrl, userId, password, recoveryKey });
  const seen = await fresh.keys.readBack(past.roomId);
  const old = seen.filter(({ eventId }) => past.messages.has(eventId));
  for (const message of old) print(`    ${message.sender}: ${textOf(message)}`);
  await checks.check("that device reads every old message of the encrypted room", () =>
    [...past.messages].every(([eventId, text]) =>
      old.some((message) => message.eventId === eventId && textOf(message) === text),
    ),
  );
}
