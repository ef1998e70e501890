import { afterAll, beforeAll, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";
import type { FaultProxy, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import { LOGIN, onNext } from "../support/faults/next-request.ts";
import { botSessions } from "../support/servers/server-api.ts";

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  /** Between the bot and each server. The person's client does not pass them. */
  oldProxy: FaultProxy;
  newProxy: FaultProxy;
  account: Account;
  chat: Chat;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.environment = await createBotEnvironment({
    bot: async (pair) => {
      fixture.oldProxy = await startFaultProxy({ target: pair.old.baseUrl });
      fixture.newProxy = await startFaultProxy({ target: pair.new.baseUrl });
      return { homeserver: fixture.newProxy.url, servers: { [pair.old.serverName]: fixture.oldProxy.url } };
    },
  });
  fixture.account = await fixture.environment.register("old", "ada");
  await fixture.environment.bot.start();
  fixture.chat = await openChat(fixture.environment, fixture.account, { encrypted: true });
});

afterAll(async () => {
  const { environment, oldProxy, newProxy } = fixture;
  await environment.close();
  await oldProxy.stop();
  await newProxy.stop();
});

/**
 * Closes every connection through the proxy and resets new ones. Resolves when a request of each
 * kind has failed.
 */
async function loseNetwork(
  proxy: FaultProxy,
  kinds: readonly ((request: ProxiedRequest) => boolean)[],
): Promise<void> {
  await proxy.down();
  const missing = new Set(kinds);
  const triedInVain = new Promise<void>((resolve) => {
    proxy.setRule((request) => {
      for (const isKind of missing) if (isKind(request)) missing.delete(isKind);
      if (missing.size === 0) resolve();
      return { kind: "reset" };
    });
  });
  await proxy.up();
  await triedInVain;
}

function isSync({ path }: ProxiedRequest): boolean {
  return path.endsWith("/sync");
}

/** The bot's messages after an event, without "Asking …". */
async function answersBehind(eventId: string): Promise<string[]> {
  const { environment, chat } = fixture;
  const said = await botMessagesBehind(chat.person, chat.roomId, {
    botUserId: environment.botUserId,
    after: eventId,
  });
  return said.map(textOf).filter((text) => !text.startsWith("Asking "));
}

it("a server that goes away in the middle of a sign-in is reported, and another try works", async () => {
  const { environment, oldProxy, account, chat } = fixture;
  const held = onNext(oldProxy, LOGIN, { kind: "hang" });
  const eventId = await chat.person.say(chat.roomId, `!login old --password ${account.password}`);
  await held;
  await oldProxy.down();
  const answer = await answerTo(chat.person, chat.roomId, eventId, environment.botUserId);
  expect(textOf(answer)).toMatch(
    /The connection to 127\.0\.0\.1:\d+ broke off\. Please try again in a minute\./u,
  );
  const again = await chat.ask(`!login old --password ${account.password}`);
  expect(again).toContain(
    `${environment.pair.old.serverName} does not accept connections just now. Please try again later.`,
  );
  expect(await botSessions(account)).toEqual([]);

  oldProxy.setRule();
  await oldProxy.up();
  expect(await chat.ask(`!login old --password ${account.password}`)).toContain("is signed in");
  expect(await botSessions(account)).toHaveLength(1);
});

it("the bot loses and repeats no command and no answer when its network goes away while a command runs", async () => {
  const { environment, oldProxy, newProxy, account, chat } = fixture;
  const held = onNext(oldProxy, LOGIN, { kind: "hang" });
  const eventId = await chat.person.say(chat.roomId, `!login old --password ${account.password}`);
  await held;
  const away = loseNetwork(newProxy, [isSync, (request) => !isSync(request)]);
  await oldProxy.down();
  await chat.person.say(chat.roomId, "!help whoami");
  await chat.person.say(chat.roomId, "!whoami now");
  await away;
  oldProxy.setRule();
  await oldProxy.up();
  newProxy.setRule();

  const expected = [
    `Your old account ${account.userId} is not signed in.`,
    "This shows your two accounts",
    "!whoami does not take now.",
  ];
  for (const text of expected)
    await chat.person.waitForMessage(chat.roomId, (message) => textOf(message).includes(text), {
      from: environment.botUserId,
      after: eventId,
    });
  const said = await answersBehind(eventId);
  expect(expected.map((text) => said.filter((answer) => answer.includes(text)).length)).toEqual([1, 1, 1]);
  expect(said).toHaveLength(3);
  // The session from before the outage is unchanged.
  expect(await chat.whoami()).toMatch(new RegExp(`Old account: ${account.userId}, .*, works`));
  expect(await botSessions(account)).toHaveLength(1);
});

it("an answer that arrived without the bot's knowledge is not sent twice", async () => {
  const { environment, newProxy, chat } = fixture;
  let isLost = false;
  newProxy.setRule(({ method, path }) => {
    if (isLost || method !== "PUT" || !path.includes("/send/")) return undefined;
    isLost = true;
    return { kind: "lose-answer" };
  });
  const eventId = await chat.person.say(chat.roomId, "!help login");
  await answerTo(chat.person, chat.roomId, eventId, environment.botUserId);
  expect(await answersBehind(eventId)).toHaveLength(1);
  expect(isLost).toBe(true);
});
