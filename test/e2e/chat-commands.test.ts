import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { specifications } from "../../src/commands/registry.ts";
import { isWholeAnswer } from "../lab/bot-answer.ts";
import type { EventContent, Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botMessages, botMessagesBehind } from "../support/chat/bot-messages.ts";
import { createControlRoom } from "../support/chat/control-room.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  environment: BotEnvironment;
  adaAccount: Account;
  benAccount: Account;
  ada: Person;
  ben: Person;
  plainRoom: string;
  encryptedRoom: string;
  directRoom: string;
  /** The ID of the only message of the bot's account that a person wrote. */
  saidByHand: string | undefined;
}

const story = {} as Story;

describe("the bot, in control rooms and direct chats", () => {
  beforeAll(async () => {
    story.environment = await createBotEnvironment({
      bot: async (pair) => {
        story.plainRoom = await createControlRoom(pair, { alias: "moving" });
        story.encryptedRoom = await createControlRoom(pair, { encrypted: true, canBotRedact: true });
        return { controlRooms: [`#moving:${pair.new.serverName}`, story.encryptedRoom] };
      },
    });
    story.adaAccount = await story.environment.register("new", "ada");
    story.benAccount = await story.environment.register("old", "ben");
    [story.ada, story.ben] = await Promise.all([
      story.environment.client(story.adaAccount),
      story.environment.client(story.benAccount),
      story.environment.bot.start(),
    ]);
    for (const roomId of [story.plainRoom, story.encryptedRoom])
      await Promise.all([
        story.ada
          .join(roomId)
          .then(() => story.ada.waitForMembership(roomId, story.environment.botUserId, "join")),
        story.ben.join(roomId, [story.environment.pair.new.serverName]),
      ]);
    story.directRoom = await story.environment.directChat(story.ada);
  });

  afterAll(() => story.environment.close());

  it("answers in the control room named by its alias, and in the encrypted one named by its ID", async () => {
    const { ada, plainRoom, encryptedRoom } = story;
    const plain = await command(ada, plainRoom, "!help");
    expect(plain).toMatchObject({ isEncrypted: false, shield: null });
    const encrypted = await command(ada, encryptedRoom, "!help");
    expect(encrypted).toMatchObject({ isEncrypted: true, shield: null });
    expect(textOf(encrypted)).toBe(textOf(plain));
  });

  it("lists in the help every command of the registry, in its order", async () => {
    const { ada, directRoom } = story;
    const lines = textOf(await command(ada, directRoom, "!help"))
      .split("\n")
      .filter((line) => line.startsWith("- "));
    expect(lines).toEqual(specifications.map(({ words, summary }) => `- !${words.join(" ")} – ${summary}`));
  });

  it("answers each person in a control room about their own move only, and replies to their command", async () => {
    const { environment, adaAccount, ada, ben, encryptedRoom, directRoom } = story;
    await environment.answer(ada, directRoom, `!login new --password ${adaAccount.password}`);
    const [adaAsks, benAsks] = await Promise.all([
      ada.say(encryptedRoom, "!whoami"),
      ben.say(encryptedRoom, "!whoami"),
    ]);
    const answerFor = (eventId: string): Promise<SeenMessage> =>
      ben.waitForMessage(
        encryptedRoom,
        (message) => isWholeAnswer(message) && message.relation?.eventId === eventId,
        {
          from: environment.botUserId,
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
    const { environment, ada, plainRoom } = story;
    const root = await ada.say(plainRoom, "a thread for the bot");
    const reply = {
      rel_type: "m.thread",
      event_id: root,
      is_falling_back: true,
      "m.in_reply_to": { event_id: root },
    };
    const eventId = await ada.say(plainRoom, "!help whoami", { "m.relates_to": reply });
    const answer = await answerTo(ada, plainRoom, eventId, environment.botUserId);
    expect(answer.content["m.relates_to"]).toEqual({ ...reply, "m.in_reply_to": { event_id: eventId } });
  });

  it("can be addressed by prefix, name and mention, with any quotes, spaces and capitals", async () => {
    const { environment, ada, plainRoom } = story;
    const { botUserId } = environment;
    const expected = textOf(await command(ada, plainRoom, "!help login"));
    // Clients put only the display name into the body. It can differ from room to room
    // (view/README.md, "What people type").
    const pill = {
      format: "org.matrix.custom.html",
      formatted_body: `<a href="https://matrix.to/#/${botUserId}">the moving man</a> help login`,
      "m.mentions": { user_ids: [botUserId] },
    };
    const forms: { text: string; extra?: EventContent }[] = [
      { text: "! Help  login" },
      { text: "!HELP “login”" },
      { text: "  !help 'login'  " },
      { text: "Mover: help login" },
      { text: "mover, !help login" },
      { text: `${botUserId} help login` },
      { text: "the moving man help login", extra: pill },
      { text: "`!help login`" },
      { text: "**!help login**" },
      { text: "\uff01help login" },
      { text: "\u200b!help login" },
      { text: "\ufeff!help login" },
      { text: '"!help login"' },
      { text: "```\n!help login\n```" },
      { text: "!help login." },
      { text: "> <@ben:old> earlier words\n\n!help login" },
    ];
    for (const { text, extra } of forms)
      expect(textOf(await command(ada, plainRoom, text, extra)), text).toBe(expected);
  });

  it("takes a mention pill for the user ID it links to", async () => {
    const { ada, ben, directRoom } = story;
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
      const { environment, ada, plainRoom, encryptedRoom } = story;
      const roomId = kind === "plain" ? plainRoom : encryptedRoom;
      const first = await ada.say(roomId, "nothing for the bot");
      await ada.edit(roomId, first, "!help");
      // Some clients leave out the asterisk in front of an edit.
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
      expect(
        await botMessagesBehind(ada, roomId, { botUserId: environment.botUserId, after: first }),
      ).toEqual([]);
    },
  );

  it("does not answer itself", async () => {
    const { environment, ada, plainRoom } = story;
    story.saidByHand = await sayAsBot(plainRoom, "!help");
    expect(
      await botMessagesBehind(ada, plainRoom, { botUserId: environment.botUserId, after: story.saidByHand }),
    ).toEqual([]);
  });

  it("answers a mistake with the nearest known word and the help line that applies", async () => {
    const { ben, plainRoom } = story;
    const mistakes: { text: string; parts: string[] }[] = [
      {
        text: "!hlep",
        parts: ["I don't know !hlep", "Did you mean !help?", "See !help help", "Nothing was changed"],
      },
      { text: "!xyzzy", parts: ["I don't know !xyzzy", "See !help."] },
      { text: "!login odl", parts: ["Did you mean old?", "!login old|new"] },
      { text: "!logout --al", parts: ["!logout has no --al", "!logout [old|new]"] },
      { text: "!whoami now", parts: ["!whoami does not take now"] },
      { text: "!", parts: ["There is no command after !"] },
    ];
    for (const { text, parts } of mistakes) {
      const answer = textOf(await command(ben, plainRoom, text));
      for (const part of parts) expect(answer, text).toContain(part);
    }
  });

  it("points to the help once a day, in direct chats only", async () => {
    const { environment, ben, plainRoom } = story;
    const roomId = await environment.directChat(ben);
    const hint = textOf(await command(ben, roomId, "hello, who are you?"));
    expect(hint).toContain("!help shows what I can do");
    const after = await ben.say(roomId, "I see");
    const elsewhere = await ben.say(plainRoom, "hello, who are you?");
    expect(await botMessagesBehind(ben, roomId, { botUserId: environment.botUserId, after })).toEqual([]);
    expect(
      await botMessagesBehind(ben, plainRoom, { botUserId: environment.botUserId, after: elsewhere }),
    ).toEqual([]);
  });

  it("uses no secret from a control room, removes it if it may, and mentions the person", async () => {
    const { environment, benAccount, ada, plainRoom, encryptedRoom, directRoom } = story;
    const secret = `!login old ${benAccount.userId} --password ${benAccount.password}`;
    const removable = await ada.say(encryptedRoom, secret);
    expect(textOf(await answerTo(ada, encryptedRoom, removable, environment.botUserId))).toContain(
      "I removed your message",
    );
    await ada.waitForMessage(encryptedRoom, ({ eventId, isRedacted }) => eventId === removable && isRedacted);
    const notRemovable = await ada.say(plainRoom, secret);
    expect(textOf(await answerTo(ada, plainRoom, notRemovable, environment.botUserId))).toContain(
      "Please delete it yourself",
    );
    expect(textOf(await command(ada, directRoom, "!whoami"))).toContain("Old account: not signed in");
  });

  it("sends failures as texts that mention the person, and everything else as notices that mention nobody", async () => {
    const { ada, ben, directRoom } = story;
    const failure = await command(ada, directRoom, `!login old ${ben.userId} --password wrong`);
    expect(textOf(failure)).toContain("the password is wrong");
    expect(failure.content).toMatchObject({ msgtype: "m.text", "m.mentions": { user_ids: [ada.userId] } });
    const routine = await command(ada, directRoom, "!help");
    expect(routine.content).toMatchObject({ msgtype: "m.notice", "m.mentions": {} });
  });

  it("gives each of its messages plain text, HTML and mentions", () => {
    const { environment, ada, plainRoom, encryptedRoom, directRoom } = story;
    const seen = [directRoom, plainRoom, encryptedRoom].flatMap((roomId) =>
      botMessages(ada, roomId, environment),
    );
    const all = seen.filter(({ eventId }) => eventId !== story.saidByHand);
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
});

async function command(
  person: Person,
  roomId: string,
  text: string,
  extra?: EventContent,
): Promise<SeenMessage> {
  return answerTo(person, roomId, await person.say(roomId, text, extra), story.environment.botUserId);
}

/** Sends a message as the bot's account, from another session. */
async function sayAsBot(roomId: string, body: string): Promise<string> {
  const { environment } = story;
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/said-by-hand`;
  const response = await fetch(`${environment.pair.new.baseUrl}${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${environment.botAccessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ msgtype: "m.text", body, "m.mentions": {} }),
  });
  return z.object({ event_id: z.string() }).parse(await response.json()).event_id;
}
