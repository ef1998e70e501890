import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { specifications } from "../../src/commands/registry.ts";
import { isWholeAnswer } from "../lab/bot-answer.ts";
import type { EventContent, Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botMessages, botMessagesBehind } from "../support/chat/bot-messages.ts";
import { createControlRoom } from "../support/chat/control-room.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";

let world: BotEnvironment;
let adaAccount: Account;
let benAccount: Account;
let ada: Person;
let ben: Person;
let plainRoom: string;
let encryptedRoom: string;
let directRoom: string;
/** The one message of the bot's account that the bot did not write. */
let saidByHand: string | undefined;

beforeAll(async () => {
  world = await createBotEnvironment({
    bot: async (pair) => {
      plainRoom = await createControlRoom(pair, { alias: "moving" });
      encryptedRoom = await createControlRoom(pair, { encrypted: true, canBotRedact: true });
      return { controlRooms: [`#moving:${pair.new.serverName}`, encryptedRoom] };
    },
  });
  adaAccount = await world.register("new", "ada");
  benAccount = await world.register("old", "ben");
  [ada, ben] = await Promise.all([world.client(adaAccount), world.client(benAccount), world.bot.start()]);
  for (const roomId of [plainRoom, encryptedRoom])
    await Promise.all([
      ada.join(roomId).then(() => ada.waitForMembership(roomId, world.botUserId, "join")),
      ben.join(roomId, [world.pair.new.serverName]),
    ]);
  directRoom = await world.directChat(ada);
});

afterAll(() => world.close());

async function command(
  person: Person,
  roomId: string,
  text: string,
  extra?: EventContent,
): Promise<SeenMessage> {
  return answerTo(person, roomId, await person.say(roomId, text, extra), world.botUserId);
}

it("answers in the control room named by its alias, and in the encrypted one named by its ID", async () => {
  const plain = await command(ada, plainRoom, "!help");
  expect(plain).toMatchObject({ isEncrypted: false, shield: null });
  const encrypted = await command(ada, encryptedRoom, "!help");
  expect(encrypted).toMatchObject({ isEncrypted: true, shield: null });
  expect(textOf(encrypted)).toBe(textOf(plain));
});

it("lists in the help every command of the registry, in its order", async () => {
  const lines = textOf(await command(ada, directRoom, "!help"))
    .split("\n")
    .filter((line) => line.startsWith("- "));
  expect(lines).toEqual(specifications.map(({ words, summary }) => `- !${words.join(" ")} – ${summary}`));
});

it("answers each person in a control room about their own move only, as a reply to their command", async () => {
  await world.answer(ada, directRoom, `!login new --password ${adaAccount.password}`);
  const [adaAsks, benAsks] = await Promise.all([
    ada.say(encryptedRoom, "!whoami"),
    ben.say(encryptedRoom, "!whoami"),
  ]);
  const answerFor = (eventId: string): Promise<SeenMessage> =>
    ben.waitForMessage(
      encryptedRoom,
      (message) => isWholeAnswer(message) && message.relation?.eventId === eventId,
      {
        from: world.botUserId,
      },
    );
  const forAda = await answerFor(adaAsks);
  const forBen = await answerFor(benAsks);
  expect(forAda).toMatchObject({ relation: { type: "m.in_reply_to" }, isEncrypted: true });
  expect(textOf(forAda)).toContain(`New account: ${adaAccount.userId}, signed in by password`);
  expect(textOf(forBen)).toContain("New account: not signed in");
  expect(textOf(forBen)).not.toContain(adaAccount.userId);
});

it("stays in the thread of the command", async () => {
  const root = await ada.say(plainRoom, "a thread for the bot");
  const reply = {
    rel_type: "m.thread",
    event_id: root,
    is_falling_back: true,
    "m.in_reply_to": { event_id: root },
  };
  const eventId = await ada.say(plainRoom, "!help whoami", { "m.relates_to": reply });
  const answer = await answerTo(ada, plainRoom, eventId, world.botUserId);
  expect(answer.content["m.relates_to"]).toEqual({ ...reply, "m.in_reply_to": { event_id: eventId } });
});

it("is addressed by prefix, name and mention, and forgives quotes, spaces and capitals", async () => {
  const { botUserId } = world;
  const expected = textOf(await command(ada, plainRoom, "!help login"));
  // Clients put only the display name into the body, and it can differ from room to room
  // (view/README.md, "What people type").
  const pill = {
    format: "org.matrix.custom.html",
    formatted_body: `<a href="https://matrix.to/#/${botUserId}">the moving man</a> help login`,
    "m.mentions": { user_ids: [botUserId] },
  };
  const ways: [string, EventContent?][] = [
    ["! Help  login"],
    ["!HELP “login”"],
    ["  !help 'login'  "],
    ["Mover: help login"],
    ["mover, !help login"],
    [`${botUserId} help login`],
    ["the moving man help login", pill],
    ["> <@ben:old> earlier words\n\n!help login"],
  ];
  for (const [text, extra] of ways)
    expect(textOf(await command(ada, plainRoom, text, extra)), text).toBe(expected);
});

it("takes a mention pill for the user ID it links to", async () => {
  const benId = ben.userId;
  const pill = {
    format: "org.matrix.custom.html",
    formatted_body: `!login old <a href="https://matrix.to/#/${encodeURIComponent(benId)}">Benny</a>`,
    "m.mentions": { user_ids: [benId] },
  };
  expect(textOf(await command(ada, directRoom, "!login old Benny", pill))).toContain(
    `!login old ${benId} --password`,
  );
});

it.each(["plain", "encrypted"])(
  "answers neither edits nor notices, reactions or files in a %s room",
  async (kind) => {
    const roomId = kind === "plain" ? plainRoom : encryptedRoom;
    const first = await ada.say(roomId, "nothing for the bot");
    await ada.edit(roomId, first, "!help");
    // Not every client puts the asterisk in front.
    await ada.say(roomId, "!help", {
      "m.new_content": { msgtype: "m.text", body: "!help" },
      "m.relates_to": { rel_type: "m.replace", event_id: first },
    });
    await ada.say(roomId, "!help", { msgtype: "m.notice" });
    await ada.say(roomId, "!help", { msgtype: "m.emote" });
    await ada.react(roomId, first, "!help");
    await ada.sendFile(roomId, { name: "!help", mimetype: "text/plain", bytes: Buffer.from("!help") });
    await ada.say(roomId, "I need help, mover");
    await ada.say(roomId, "!!! help");
    expect(await botMessagesBehind(ada, roomId, { botUserId: world.botUserId, after: first })).toEqual([]);
  },
);

it("does not answer itself", async () => {
  saidByHand = await sayAsBot(plainRoom, "!help");
  expect(await botMessagesBehind(ada, plainRoom, { botUserId: world.botUserId, after: saidByHand })).toEqual(
    [],
  );
});

it("answers a mistake with the nearest right word and the help line that applies", async () => {
  const expected: [string, string[]][] = [
    ["!hlep", ["I don't know !hlep", "Did you mean !help?", "See !help help", "Nothing was changed"]],
    ["!xyzzy", ["I don't know !xyzzy", "See !help."]],
    ["!login odl", ["Did you mean old?", "!login old|new"]],
    ["!logout --al", ["!logout has no --al", "!logout [old|new]"]],
    ["!whoami now", ["!whoami does not take now"]],
    ["!", ["There is no command after !"]],
  ];
  for (const [text, parts] of expected) {
    const answer = textOf(await command(ben, plainRoom, text));
    for (const part of parts) expect(answer, text).toContain(part);
  }
});

it("points to the help at the first remark of a day in a direct chat, and only there and then", async () => {
  const roomId = await world.directChat(ben);
  const hint = textOf(await command(ben, roomId, "hello, who are you?"));
  expect(hint).toContain("!help shows what I can do");
  const after = await ben.say(roomId, "I see");
  const elsewhere = await ben.say(plainRoom, "hello, who are you?");
  expect(await botMessagesBehind(ben, roomId, { botUserId: world.botUserId, after })).toEqual([]);
  expect(await botMessagesBehind(ben, plainRoom, { botUserId: world.botUserId, after: elsewhere })).toEqual(
    [],
  );
});

it("uses no secret in a control room: removes it where it may, and calls the person", async () => {
  const secret = `!login old ${benAccount.userId} --password ${benAccount.password}`;
  const removable = await ada.say(encryptedRoom, secret);
  expect(textOf(await answerTo(ada, encryptedRoom, removable, world.botUserId))).toContain(
    "I removed your message",
  );
  await ada.waitForMessage(encryptedRoom, ({ eventId, isRedacted }) => eventId === removable && isRedacted);
  const notRemovable = await ada.say(plainRoom, secret);
  expect(textOf(await answerTo(ada, plainRoom, notRemovable, world.botUserId))).toContain(
    "Please delete it yourself",
  );
  expect(textOf(await command(ada, directRoom, "!whoami"))).toContain("Old account: not signed in");
});

it("says failures as texts that mention the person, and everything else as notices that mention nobody", async () => {
  const failure = await command(ada, directRoom, `!login old ${ben.userId} --password wrong`);
  expect(textOf(failure)).toContain("the password is wrong");
  expect(failure.content).toMatchObject({ msgtype: "m.text", "m.mentions": { user_ids: [ada.userId] } });
  const routine = await command(ada, directRoom, "!help");
  expect(routine.content).toMatchObject({ msgtype: "m.notice", "m.mentions": {} });
});

it("gave each of its messages a plain text, HTML and mentions", () => {
  const seen = [directRoom, plainRoom, encryptedRoom].flatMap((roomId) => botMessages(ada, roomId, world));
  const all = seen.filter(({ eventId }) => eventId !== saidByHand);
  expect(all.length).toBeGreaterThan(30);
  for (const { content, latestEditContent } of all)
    for (const layer of [content, latestEditContent ?? content])
      expect(layer).toMatchObject({
        msgtype: expect.stringMatching(/^m\.(?:notice|text)$/u),
        body: expect.stringMatching(/\S/u),
        format: "org.matrix.custom.html",
        formatted_body: expect.stringMatching(/\S/u),
        "m.mentions": expect.any(Object),
      });
});

/** Says something in the bot's name, by another session of its account. */
async function sayAsBot(roomId: string, body: string): Promise<string> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/said-by-hand`;
  const response = await fetch(`${world.pair.new.baseUrl}${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${world.botAccessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ msgtype: "m.text", body, "m.mentions": {} }),
  });
  return z.object({ event_id: z.string() }).parse(await response.json()).event_id;
}
