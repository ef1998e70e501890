import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventContent, SeenMessage } from "../lab/person/person.ts";
import { contentOf, textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { chatIn, openChat } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, botPassword, createBotEnvironment } from "../support/environments/bot-environment.ts";
import { callServer, countLogins } from "../support/servers/server-api.ts";

/** HTML, a mention of the room, a link, and a character that reverses the text behind it. */
const HOSTILE_NAME = "<b>Ada</b> & @room https://evil.example \u202e\u2066gnp.exe";
const HTML = "org.matrix.custom.html";
/**
 * Control characters (except the end of a line), zero-width characters and direction characters.
 */
const UNSEEN = /[^\P{Cc}\n]|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  account: Account;
  chat: Chat;
  /** The answer to `!whoami` before any bad input. It must stay the same. */
  stateBefore: string;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.environment = await createBotEnvironment();
  fixture.account = await fixture.environment.register("old", "ada");
  await nameTheBot();
  await fixture.environment.bot.start();
  const person = await fixture.environment.client(fixture.account, {
    encryption: false,
    displayName: HOSTILE_NAME,
  });
  const roomId = await fixture.environment.directChat(person, { encrypted: false });
  await person.sendState(roomId, "m.room.name", "", { name: HOSTILE_NAME });
  await person.sendState(roomId, "m.room.topic", "", { topic: HOSTILE_NAME });
  fixture.chat = chatIn(fixture.environment, person, roomId);
  await fixture.chat.ask(`!login old --password ${fixture.account.password}`);
  fixture.stateBefore = await fixture.chat.whoami();
});

afterAll(() => fixture.environment.close());

async function nameTheBot(): Promise<void> {
  const { environment } = fixture;
  const identifier = { type: "m.id.user", user: environment.botUserId };
  const login = { type: "m.login.password", identifier, password: botPassword };
  const { body } = await callServer(environment.pair.new, null, "POST", "/_matrix/client/v3/login", login);
  const path = `/_matrix/client/v3/profile/${encodeURIComponent(environment.botUserId)}/displayname`;
  await callServer(environment.pair.new, String(body["access_token"]), "PUT", path, {
    displayname: HOSTILE_NAME,
  });
}

async function send(text: string, extra?: EventContent): Promise<SeenMessage> {
  const { environment, chat } = fixture;
  return answerTo(
    chat.person,
    chat.roomId,
    await chat.person.say(chat.roomId, text, extra),
    environment.botUserId,
  );
}

/** Checks what holds for every answer. */
function expectHarmless(message: SeenMessage): void {
  const { body, formatted_body: html } = contentOf(message);
  expect(`${String(body)}${String(html)}`).not.toMatch(UNSEEN);
  expect(html).not.toMatch(/<(?!\/?(?:p|ul|li|strong|code|br)\b)/u);
  expect(String(body).length).toBeLessThan(1_000);
}

/**
 * A text as part of a test's name: other characters than visible ASCII are written as code points.
 */
function shown(text: string): string {
  return text
    .slice(0, 60)
    .replace(/[^ -~]/gu, (character) => `<U+${character.codePointAt(0)?.toString(16) ?? ""}>`);
}

const server = "server.example";

const mistakes: { text: string; answer: string }[] = [
  { text: "!", answer: "There is no command after !. See !help." },
  { text: "!   ", answer: "There is no command after !. See !help." },
  { text: `!login old "@me:${server}`, answer: "A quotation mark is opened and not closed." },
  { text: "!login “old", answer: "A quotation mark is opened and not closed." },
  { text: "!logn old", answer: "I don't know !logn. Did you mean !login? See !help login." },
  { text: "!frobnicate the rooms", answer: "I don't know !frobnicate. See !help." },
  { text: "!login", answer: "!login needs old or new. Write it like this: !login old|new [@user:server]" },
  {
    text: "!logout middle",
    answer: "middle does not fit here. It can be old or new. Write it like this: !logout [old|new].",
  },
  { text: "!logout odl", answer: "Did you mean old?" },
  { text: "!whoami now", answer: "!whoami does not take now. Write it like this: !whoami." },
  { text: "!whoami --jsn", answer: "!whoami has no --jsn." },
  { text: "!help nonsense", answer: "I don't know !nonsense." },
  { text: "!login old @me", answer: "@me is not a user ID. A user ID looks like @you:example.org." },
  { text: "!login old @me:", answer: "@me: is not a user ID." },
  { text: "!login old @me:bad_host", answer: "@me:bad_host is not a user ID." },
  { text: "!login old @me:-.example.:8448", answer: "is not a user ID." },
  { text: `!login old @me:${server}:99999`, answer: `@me:${server}:99999 is not a user ID.` },
  { text: `!login old @me:${server}:0`, answer: `@me:${server}:0 is not a user ID.` },
  { text: "!login old @me:2130706433", answer: "@me:2130706433 is not a user ID." },
  { text: "!login old @me:[::1", answer: "@me:[::1 is not a user ID." },
  { text: `!login old @me:ser\u202ever.example`, answer: "is not a user ID." },
  { text: `!login old @me:${server}/../admin`, answer: "is not a user ID." },
  { text: `!login old @${"a".repeat(300)}:${server}`, answer: "is not a user ID." },
  {
    text: "!<img src=x onerror=alert(1)>",
    answer: "I move Matrix accounts to a new homeserver. !help shows what I can do.",
  },
  {
    text: "!x<script>alert(1)</script>\u202e\u0007",
    answer: "I don't know !x<script>alert(1)</script>. See !help.",
  },
  {
    text: "!\u00e9\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 \ufffd\ufffe\uffff",
    answer: "I don't know !",
  },
  { text: `!help ${"x".repeat(60_000)}`, answer: "That is too long for a command. See !help." },
  { text: `!x${"\u{1F4A3}\u0001".repeat(5_000)}`, answer: "That is too long for a command." },
];

it.each(mistakes.map((mistake) => ({ ...mistake, name: shown(mistake.text) })))(
  "$name is answered with what is wrong and what to do",
  async ({ text, answer: expected }) => {
    const answer = await send(text);
    expect(textOf(answer)).toContain(expected);
    expectHarmless(answer);
  },
);

it("no mistake changes anything", async () => {
  const { chat, stateBefore } = fixture;
  expect(await chat.whoami()).toBe(stateBefore);
});

it("a user ID with HTML in it is shown as plain text", async () => {
  const userId = `@<script>alert(1)</script>:${fixture.environment.pair.old.serverName}`;
  const answer = await send(`!login new ${userId}`);
  expect(textOf(answer)).toContain(`The server of your new account ${userId}`);
  const content = contentOf(answer);
  expect(content["formatted_body"]).toContain("@&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(content["m.mentions"]).toEqual({});
  expect(content["formatted_body"]).not.toContain("<script");
});

it("the bot can be addressed by a name that holds HTML and direction characters", async () => {
  const answer = await send(`${HOSTILE_NAME}: help whoami`);
  expect(textOf(answer)).toContain("!whoami");
  expectHarmless(answer);
});

it.each([
  {
    what: "a word that may be a password in a wrong place",
    text: `!login new @me:${server} hunter2-in-the-wrong-place`,
    expected: "I don't repeat it",
  },
  {
    what: "a misspelt flag",
    text: `!login new @me:${server} --pasword hunter2-behind-a-typo`,
    expected: "Did you mean --password?",
  },
  {
    what: "a secret without a command",
    text: "here it is --password hunter2-without-a-command",
    expected: "A sign-in starts with !login",
  },
  {
    what: "a token alone",
    text: "syt_aHVudGVy_hunter2ALONEabcdefgh_0aBcDe",
    expected: "A sign-in starts with !login",
  },
  {
    what: "a secret at a command that takes none",
    text: "!whoami --token hunter2-for-whoami",
    expected: "I removed your message",
  },
  {
    what: "60 kB of password",
    text: `!login old --password ${"hunter2 ".repeat(7_500)}`,
    expected: "That is too long for a command.",
  },
])("$what is removed, not used and not repeated", async ({ text, expected }) => {
  const { environment, chat, stateBefore } = fixture;
  const logins = await countLogins(environment.pair.old);
  const eventId = await chat.person.say(chat.roomId, text);
  const answer = await answerTo(chat.person, chat.roomId, eventId, environment.botUserId);
  expect(textOf(answer)).toContain(expected);
  expect(textOf(answer)).toContain(
    "I removed your message because it seemed to contain a password, a token or a recovery key",
  );
  expect(textOf(answer)).not.toContain("hunter2");
  await chat.person.waitForMessage(
    chat.roomId,
    (message) => message.eventId === eventId && message.isRedacted,
  );
  expectHarmless(answer);
  expect(await chat.whoami()).toBe(stateBefore);
  expect(await countLogins(environment.pair.old)).toBe(logins);
});

it("HTML nested twenty thousand deep is read like any other HTML", async () => {
  const link = `<a href="https://matrix.to/#/${fixture.account.userId}">`;
  const answer = await send("!logout odl", { format: HTML, formatted_body: link + "<b>".repeat(20_000) });
  expect(textOf(answer)).toContain("Did you mean old?");
  expectHarmless(answer);
});

describe("encrypted events that no client would send", () => {
  let encrypted: Chat;

  beforeAll(async () => {
    const { environment } = fixture;
    encrypted = await openChat(environment, await environment.register("old", "ben"), { encrypted: true });
  });

  it("are not answered unless they are text, and do no harm", async () => {
    const shapes: EventContent[] = [
      {},
      { msgtype: "m.text" },
      { msgtype: "m.text", body: 42 },
      { msgtype: "m.text", body: { toString: "!logout" } },
      { msgtype: ["m.text"], body: "!logout" },
      { body: "!logout" },
      { msgtype: "m.image", body: "!logout", url: "mxc://x/y" },
    ];
    const { person, roomId } = encrypted;
    const hint = await encrypted.ask("\u0000\u0001\ufffd binary \u0007 rubbish");
    expect(hint).toContain("!help shows what I can do.");
    const first = await person.say(roomId, "\u0000\u0001\ufffd more binary \u0007 rubbish");
    for (const content of shapes) await person.sendEvent(roomId, "m.room.message", content);
    const said = await botMessagesBehind(person, roomId, {
      botUserId: fixture.environment.botUserId,
      after: first,
    });
    expect(said.map(textOf)).toEqual([]);
  });

  it.each([
    { problem: "a relation that is a number", extra: { "m.relates_to": 7 } },
    { problem: "a relation of no known kind", extra: { "m.relates_to": { rel_type: 3 } } },
    { problem: "a list for HTML", extra: { formatted_body: ["<b>"], format: HTML } },
    { problem: "a text for mentions", extra: { "m.mentions": "@room" } },
  ] satisfies { problem: string; extra: EventContent }[])(
    "are understood in spite of $problem",
    async ({ extra }) => {
      const { person, roomId } = encrypted;
      const answer = await answerTo(
        person,
        roomId,
        await person.say(roomId, "!help whoami", extra),
        fixture.environment.botUserId,
      );
      expect(textOf(answer)).toContain("I ask both servers whether the sessions still work.");
    },
  );
});

it("no room name and no display name is in the log", () => {
  expect(fixture.environment.bot.output()).not.toContain("evil.example");
});
