import { afterAll, beforeAll, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { FaultProxy, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import { LOGIN, onNext } from "../support/faults/next-request.ts";
import { botSessions } from "../support/servers/server-api.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";

let world: BotEnvironment;
/** Between the bot and each server; the person's client has a network of its own. */
let oldProxy: FaultProxy;
let newProxy: FaultProxy;
let account: Account;
let chat: Chat;

beforeAll(async () => {
  world = await createBotEnvironment({
    bot: async (pair) => {
      oldProxy = await startFaultProxy({ target: pair.old.baseUrl });
      newProxy = await startFaultProxy({ target: pair.new.baseUrl });
      return { homeserver: newProxy.url, servers: { [pair.old.serverName]: oldProxy.url } };
    },
  });
  account = await world.register("old", "ada");
  await world.bot.start();
  chat = await openChat(world, account, { encrypted: true });
});

afterAll(async () => {
  await world.close();
  await oldProxy.stop();
  await newProxy.stop();
});

/**
 * Cuts every connection through the proxy and all that are tried; resolves when each kind of
 * request has been tried in vain.
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

/** What the bot said behind an event, without "Asking …". */
async function answersBehind(eventId: string): Promise<string[]> {
  const said = await botMessagesBehind(chat.person, chat.roomId, {
    botUserId: world.botUserId,
    after: eventId,
  });
  return said.map(textOf).filter((text) => !text.startsWith("Asking "));
}

it("the account's server going away in the middle of a sign-in is told, and trying again works", async () => {
  const held = onNext(oldProxy, LOGIN, { kind: "hang" });
  const eventId = await chat.person.say(chat.roomId, `!login old --password ${account.password}`);
  await held;
  await oldProxy.down();
  const answer = await answerTo(chat.person, chat.roomId, eventId, world.botUserId);
  expect(textOf(answer)).toMatch(
    /The connection to 127\.0\.0\.1:\d+ broke off\. Please try again in a minute\./u,
  );
  const again = await chat.ask(`!login old --password ${account.password}`);
  expect(again).toContain(
    `${world.pair.old.serverName} does not accept connections just now. Please try again later.`,
  );
  expect(await botSessions(account)).toEqual([]);

  oldProxy.setRule();
  await oldProxy.up();
  expect(await chat.ask(`!login old --password ${account.password}`)).toContain("is signed in");
  expect(await botSessions(account)).toHaveLength(1);
});

it("the bot's own network going away while a command runs loses no command and no answer, and repeats none", async () => {
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
      from: world.botUserId,
      after: eventId,
    });
  const said = await answersBehind(eventId);
  expect(expected.map((text) => said.filter((answer) => answer.includes(text)).length)).toEqual([1, 1, 1]);
  expect(said).toHaveLength(3);
  // The session of before was not touched.
  expect(await chat.ask("!whoami")).toMatch(new RegExp(`Old account: ${account.userId}, .*, works`));
  expect(await botSessions(account)).toHaveLength(1);
});

it("an answer that arrived although the bot never learned of it is not sent twice", async () => {
  let isLost = false;
  newProxy.setRule(({ method, path }) => {
    if (isLost || method !== "PUT" || !path.includes("/send/")) return undefined;
    isLost = true;
    return { kind: "lose-answer" };
  });
  const eventId = await chat.person.say(chat.roomId, "!help login");
  await answerTo(chat.person, chat.roomId, eventId, world.botUserId);
  expect(await answersBehind(eventId)).toHaveLength(1);
  expect(isLost).toBe(true);
});
