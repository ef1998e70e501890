import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventContent, SeenMessage } from "../lab/person/person.ts";
import { contentOf, textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { chatIn, openChat } from "../support/chat/direct-chat.ts";
import { callServer, countLogins } from "../support/servers/server-api.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, botPassword, createBotEnvironment } from "../support/environments/bot-environment.ts";

/** HTML, a mention of the room, a link, and a character that turns what follows around. */
const HOSTILE_NAME = "<b>Ada</b> & @room https://evil.example \u202e\u2066gnp.exe";
const HTML = "org.matrix.custom.html";
/** Control characters but the end of a line, zero-width ones and those that set the direction. */
const UNSEEN = /[^\P{Cc}\n]|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;

let world: BotEnvironment;
let account: Account;
let chat: Chat;
/** What `!whoami` says; it must be the same behind every bad input. */
let stateBefore: string;

beforeAll(async () => {
  world = await createBotEnvironment();
  account = await world.register("old", "ada");
  await nameTheBot();
  await world.bot.start();
  const person = await world.client(account, { encryption: false, displayName: HOSTILE_NAME });
  const roomId = await world.directChat(person, { encrypted: false });
  await person.sendState(roomId, "m.room.name", "", { name: HOSTILE_NAME });
  await person.sendState(roomId, "m.room.topic", "", { topic: HOSTILE_NAME });
  chat = chatIn(world, person, roomId);
  await chat.ask(`!login old --password ${account.password}`);
  stateBefore = await chat.ask("!whoami");
});

afterAll(() => world.close());

async function nameTheBot(): Promise<void> {
  const identifier = { type: "m.id.user", user: world.botUserId };
  const login = { type: "m.login.password", identifier, password: botPassword };
  const { body } = await callServer(world.pair.new, null, "POST", "/_matrix/client/v3/login", login);
  const path = `/_matrix/client/v3/profile/${encodeURIComponent(world.botUserId)}/displayname`;
  await callServer(world.pair.new, String(body["access_token"]), "PUT", path, { displayname: HOSTILE_NAME });
}

async function send(text: string, extra?: EventContent): Promise<SeenMessage> {
  return answerTo(chat.person, chat.roomId, await chat.person.say(chat.roomId, text, extra), world.botUserId);
}

/** What must be true of every answer, whatever was asked. */
function expectHarmless(message: SeenMessage): void {
  const { body, formatted_body: html } = contentOf(message);
  expect(`${String(body)}${String(html)}`).not.toMatch(UNSEEN);
  expect(html).not.toMatch(/<(?!\/?(?:p|ul|li|strong|code|br)\b)/u);
  expect(String(body).length).toBeLessThan(1_000);
}

/** A text for the name of a test: what is no visible ASCII is written out. */
function shown(text: string): string {
  return text
    .slice(0, 60)
    .replace(/[^ -~]/gu, (character) => `<U+${character.codePointAt(0)?.toString(16) ?? ""}>`);
}

const server = "server.example";

const mistakes: [text: string, answer: string][] = [
  ["!", "There is no command after !. See !help."],
  ["!   ", "There is no command after !. See !help."],
  [`!login old "@me:${server}`, "A quotation mark is opened and not closed."],
  ["!login “old", "A quotation mark is opened and not closed."],
  ["!logn old", "I don't know !logn. Did you mean !login? See !help login."],
  ["!frobnicate the rooms", "I don't know !frobnicate. See !help."],
  ["!login", "!login needs old or new. Write it like this: !login old|new [@user:server]"],
  [
    "!logout middle",
    "middle does not fit here. It can be old or new. Write it like this: !logout [old|new].",
  ],
  ["!logout odl", "Did you mean old?"],
  ["!whoami now", "!whoami does not take now. Write it like this: !whoami."],
  ["!whoami --jsn", "!whoami has no --jsn."],
  ["!help nonsense", "I don't know !nonsense."],
  ["!login old @me", "@me is not a user ID. A user ID looks like @you:example.org."],
  ["!login old @me:", "@me: is not a user ID."],
  ["!login old @me:bad_host", "@me:bad_host is not a user ID."],
  ["!login old @me:-.example.:8448", "is not a user ID."],
  [`!login old @me:${server}:99999`, `@me:${server}:99999 is not a user ID.`],
  [`!login old @me:${server}:0`, `@me:${server}:0 is not a user ID.`],
  ["!login old @me:2130706433", "@me:2130706433 is not a user ID."],
  ["!login old @me:[::1", "@me:[::1 is not a user ID."],
  [`!login old @me:ser\u202ever.example`, "is not a user ID."],
  [`!login old @me:${server}/../admin`, "is not a user ID."],
  [`!login old @${"a".repeat(300)}:${server}`, "is not a user ID."],
  ["!<img src=x onerror=alert(1)>", "I move Matrix accounts to a new homeserver. !help shows what I can do."],
  ["!x<script>alert(1)</script>\u202e\u0007", "I don't know !x<script>alert(1)</script>. See !help."],
  ["!\u00e9\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 \ufffd\ufffe\uffff", "I don't know !"],
  [`!help ${"x".repeat(60_000)}`, "That is too long for a command. See !help."],
  [`!x${"\u{1F4A3}\u0001".repeat(5_000)}`, "That is too long for a command."],
];

it.each(mistakes.map(([text, expected]) => [shown(text), text, expected]))(
  "%s is answered with what is wrong and what to do",
  async (_shown, text, expected) => {
    const answer = await send(text);
    expect(textOf(answer)).toContain(expected);
    expectHarmless(answer);
  },
);

it("none of these changes anything", async () => {
  expect(await chat.ask("!whoami")).toBe(stateBefore);
});

it("a user ID with HTML in it is shown as it is, and is no HTML", async () => {
  const userId = `@<script>alert(1)</script>:${world.pair.old.serverName}`;
  const answer = await send(`!login new ${userId}`);
  expect(textOf(answer)).toContain(`The server of your new account ${userId}`);
  const content = contentOf(answer);
  expect(content["formatted_body"]).toContain("@&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(content["m.mentions"]).toEqual({});
  expect(content["formatted_body"]).not.toContain("<script");
});

it("the bot is called by a name made of HTML and direction characters", async () => {
  const answer = await send(`${HOSTILE_NAME}: help whoami`);
  expect(textOf(answer)).toContain("!whoami");
  expectHarmless(answer);
});

it.each([
  [
    "a word that may be a password in a wrong place",
    `!login new @me:${server} hunter2-in-the-wrong-place`,
    "I don't repeat it",
  ],
  ["a misspelt flag", `!login new @me:${server} --pasword hunter2-behind-a-typo`, "Did you mean --password?"],
  [
    "a secret without a command",
    "here it is --password hunter2-without-a-command",
    "A sign-in starts with !login",
  ],
  ["a token alone", "syt_aHVudGVy_hunter2ALONEabcdefgh_0aBcDe", "A sign-in starts with !login"],
  ["a secret at a command that takes none", "!whoami --token hunter2-for-whoami", "I removed your message"],
  [
    "60 kB of password",
    `!login old --password ${"hunter2 ".repeat(7_500)}`,
    "That is too long for a command.",
  ],
])("%s is removed, not used and not repeated", async (_what, text, expected) => {
  const logins = await countLogins(world.pair.old);
  const eventId = await chat.person.say(chat.roomId, text);
  const answer = await answerTo(chat.person, chat.roomId, eventId, world.botUserId);
  expect(textOf(answer)).toContain(expected);
  expect(textOf(answer)).toContain(
    "I removed your message because it seemed to contain a password or a token",
  );
  expect(textOf(answer)).not.toContain("hunter2");
  await chat.person.waitForMessage(
    chat.roomId,
    (message) => message.eventId === eventId && message.isRedacted,
  );
  expectHarmless(answer);
  expect(await chat.ask("!whoami")).toBe(stateBefore);
  expect(await countLogins(world.pair.old)).toBe(logins);
});

it("HTML nested twenty thousand deep is read like any other", async () => {
  const link = `<a href="https://matrix.to/#/${account.userId}">`;
  const answer = await send("!logout odl", { format: HTML, formatted_body: link + "<b>".repeat(20_000) });
  expect(textOf(answer)).toContain("Did you mean old?");
  expectHarmless(answer);
});

describe("events that no client makes, encrypted, so that no server looks into them", () => {
  let encrypted: Chat;

  beforeAll(async () => {
    encrypted = await openChat(world, await world.register("old", "ben"), { encrypted: true });
  });

  it("are not answered where they are no text, and do no harm", async () => {
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
    const said = await botMessagesBehind(person, roomId, { botUserId: world.botUserId, after: first });
    expect(said.map(textOf)).toEqual([]);
  });

  it.each([
    ["a relation that is a number", { "m.relates_to": 7 }],
    ["a relation of no known kind", { "m.relates_to": { rel_type: 3 } }],
    ["a list for HTML", { formatted_body: ["<b>"], format: HTML }],
    ["a text for mentions", { "m.mentions": "@room" }],
  ] satisfies [string, EventContent][])("are read for what they say in spite of %s", async (_what, extra) => {
    const { person, roomId } = encrypted;
    const answer = await answerTo(
      person,
      roomId,
      await person.say(roomId, "!help whoami", extra),
      world.botUserId,
    );
    expect(textOf(answer)).toContain("I ask both servers whether the sessions still work.");
  });
});

it("no room name and no display name was written to the log", () => {
  expect(world.bot.output()).not.toContain("evil.example");
});
