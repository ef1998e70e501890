import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { askServer } from "../lab/ask-server.ts";
import type { Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botMessages, botMessagesBehind } from "../support/chat/bot-messages.ts";
import { createControlRoom, createRoomOf } from "../support/chat/control-room.ts";
import type { BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";
import { untilHandled } from "../support/store/bot-database.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  environment: BotEnvironment;
  /** Ada and Ben may use the bot, Ben from the other server. Mallory may not. */
  ada: Person;
  ben: Person;
  mallory: Person;
  controlRoom: string;
  /** A control room that only invited people can join. Its owner may not use the bot. */
  closedRoom: string;
  /** Makes a request of the owner, below the room. */
  asOwner: (roomId: string, path: string, body: object) => Promise<unknown>;
}

const story = {} as Story;
const upgradedSchema = z.object({ replacement_room: z.string() });

describe("the bot, when it is invited", () => {
  beforeAll(async () => {
    story.environment = await createBotEnvironment({
      bot: async (pair) => {
        story.controlRoom = await createControlRoom(pair, { alias: "moving", canBotRedact: true });
        const owner = await pair.old.registerUser({ localpart: "owner", password: "unused" });
        story.asOwner = (roomId, path, body) =>
          askServer(
            pair.old.baseUrl,
            owner.accessToken,
            `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${path}`,
            body,
          );
        story.closedRoom = await createRoomOf(pair.old.baseUrl, owner.accessToken, {
          preset: "private_chat",
          room_alias_name: "closed",
        });
        return {
          controlRooms: [story.controlRoom, `#closed:${pair.old.serverName}`],
          allow: [`@*:${pair.new.serverName}`, `@ben:${pair.old.serverName}`],
        };
      },
    });
    const accounts = await Promise.all([
      story.environment.register("new", "ada"),
      story.environment.register("old", "ben"),
      story.environment.register("old", "mallory"),
    ]);
    [story.ada, story.ben, story.mallory] = await Promise.all([
      story.environment.client(accounts[0]),
      story.environment.client(accounts[1]),
      story.environment.client(accounts[2]),
      story.environment.bot.start(),
    ]);
    await Promise.all([
      story.ada.join(story.controlRoom),
      story.mallory.join(story.controlRoom, [story.environment.pair.new.serverName]),
    ]);
    await story.ada.waitForMembership(story.controlRoom, story.environment.botUserId, "join");
  });

  afterAll(() => story.environment.close());

  it("joins direct chats of permitted people, from its own server and from another", async () => {
    const { environment, ada, ben } = story;
    for (const person of [ada, ben]) {
      const roomId = await environment.directChat(person);
      expect(textOf(await environment.answer(person, roomId, "!help"))).toContain("!login");
    }
  });

  it("declines the direct chat of a stranger", async () => {
    const { environment, mallory } = story;
    const roomId = await mallory.createDirectChat(environment.botUserId, { encrypted: true });
    expect(await botLeaves(mallory, roomId)).toEqual(["invite", "leave"]);
  });

  it("joins its control room whoever invites it, and again after it was removed", async () => {
    const { environment, ada, closedRoom, asOwner } = story;
    await asOwner(closedRoom, "invite", { user_id: ada.userId });
    await ada.join(closedRoom, [environment.pair.old.serverName]);
    for (const _time of ["first", "second"]) {
      await asOwner(closedRoom, "invite", { user_id: environment.botUserId });
      await ada.waitForMembership(closedRoom, environment.botUserId, "join");
      expect(textOf(await environment.answer(ada, closedRoom, "!help"))).toContain("!login");
      await asOwner(closedRoom, "kick", { user_id: environment.botUserId });
      await ada.waitForMembership(closedRoom, environment.botUserId, "leave");
    }
    await asOwner(closedRoom, "invite", { user_id: environment.botUserId });
    await ada.waitForMembership(closedRoom, environment.botUserId, "join");
  });

  it("follows its control room to the room that replaces it", async () => {
    const { environment, ada, closedRoom, asOwner } = story;
    const { replacement_room: replacement } = upgradedSchema.parse(
      await asOwner(closedRoom, "upgrade", { new_version: "11" }),
    );
    await ada.waitForMessage(closedRoom, ({ type }) => type === "m.room.tombstone");
    for (const userId of [ada.userId, environment.botUserId])
      await asOwner(replacement, "invite", { user_id: userId });
    await ada.join(replacement, [environment.pair.old.serverName]);
    await ada.waitForMembership(replacement, environment.botUserId, "join");
    expect(textOf(await environment.answer(ada, replacement, "!help"))).toContain("!login");
  });

  it("declines a room of several people", async () => {
    const { environment, ada, ben } = story;
    const roomId = await ada.createRoom({ name: "Family", invite: [ben.userId] });
    await ben.join(await ben.waitForInvite({ from: ada.userId }), [environment.pair.new.serverName]);
    await ada.waitForMembership(roomId, ben.userId, "join");
    await ada.invite(roomId, environment.botUserId);
    expect(await botLeaves(ada, roomId)).toEqual(["invite", "leave"]);
  });

  it("leaves a room of three people that is marked as a direct chat", async () => {
    const { environment, ada, ben } = story;
    const roomId = await createRoomOf(environment.pair.new.baseUrl, ada.accessToken, {
      preset: "trusted_private_chat",
      is_direct: true,
      invite: [environment.botUserId, ben.userId],
    });
    await botLeaves(ada, roomId);
    expect(botMessages(ada, roomId, environment)).toEqual([]);
  });

  it("refuses a stranger in a control room once, then stays silent, also after a restart", async () => {
    const { environment, ada, mallory, controlRoom } = story;
    const first = await mallory.say(controlRoom, "!help");
    expect(textOf(await answerTo(mallory, controlRoom, first, environment.botUserId))).toContain(
      "I can only work for people my operator has allowed",
    );
    const second = await mallory.say(controlRoom, "!whoami");
    expect(
      await botMessagesBehind(ada, controlRoom, { botUserId: environment.botUserId, after: second }),
    ).toEqual([]);
    await environment.bot.stop();
    await environment.bot.start();
    const third = await mallory.say(controlRoom, "!help");
    expect(
      await botMessagesBehind(ada, controlRoom, { botUserId: environment.botUserId, after: third }),
    ).toEqual([]);
  });

  it("removes the secret of a stranger", async () => {
    const { mallory, controlRoom } = story;
    const secret = await mallory.say(controlRoom, "!login old --password mallorys-password");
    await mallory.waitForMessage(controlRoom, ({ eventId, isRedacted }) => eventId === secret && isRedacted);
  });

  it("does not work in a direct chat while a third person is invited or joined", async () => {
    const { environment, ada, ben } = story;
    const roomId = await environment.directChat(ada);
    expect(textOf(await environment.answer(ada, roomId, "!whoami"))).toContain("New account: not signed in");
    await ada.invite(roomId, ben.userId);
    const secret = await ada.say(roomId, "!login new --password adas-password");
    expect(textOf(await answerTo(ada, roomId, secret, environment.botUserId))).toContain(
      "I removed your message: other people can read this room",
    );
    await ada.waitForMessage(roomId, ({ eventId, isRedacted }) => eventId === secret && isRedacted);
    await ada.waitForMessage(roomId, (message) => textOf(message).startsWith("I only work in direct chats"), {
      after: secret,
    });
    await ben.join(roomId, [environment.pair.new.serverName]);
    const ignored = await ada.say(roomId, "!whoami");
    // The bot checks the members of a room when it handles the message.
    await untilHandled(environment.bot, ignored);
    await ben.leave(roomId);
    await ada.waitForMembership(roomId, ben.userId, "leave");
    expect(
      await botMessagesBehind(ada, roomId, { botUserId: environment.botUserId, after: ignored }),
    ).toEqual([]);
  });
});

/**
 * Waits until the bot has left a room. @returns the bot's memberships, in the order in which the
 * person saw them
 */
async function botLeaves(person: Person, roomId: string): Promise<unknown[]> {
  const isBots = ({ type, stateKey }: SeenMessage): boolean =>
    type === "m.room.member" && stateKey === story.environment.botUserId;
  await person.waitForMessage(
    roomId,
    (message) => isBots(message) && message.content["membership"] === "leave",
  );
  return person
    .messages(roomId)
    .filter(isBots)
    .map(({ content }) => content["membership"]);
}
