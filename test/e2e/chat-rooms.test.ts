import { afterAll, beforeAll, expect, it } from "vitest";
import type { Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botMessages, botMessagesBehind } from "../support/chat/bot-messages.ts";
import { untilHandled } from "../support/store/bot-database.ts";
import { createControlRoom, createRoomOf } from "../support/chat/control-room.ts";
import type { BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";

let world: BotEnvironment;
/** Ada and Ben may use the bot, Ben from the other server; Mallory may not. */
let ada: Person;
let ben: Person;
let mallory: Person;
let controlRoom: string;

beforeAll(async () => {
  world = await createBotEnvironment({
    bot: async (pair) => {
      controlRoom = await createControlRoom(pair, { alias: "moving", canBotRedact: true });
      return {
        controlRooms: [controlRoom],
        allow: [`@*:${pair.new.serverName}`, `@ben:${pair.old.serverName}`],
      };
    },
  });
  const accounts = await Promise.all([
    world.register("new", "ada"),
    world.register("old", "ben"),
    world.register("old", "mallory"),
  ]);
  [ada, ben, mallory] = await Promise.all([
    world.client(accounts[0]),
    world.client(accounts[1]),
    world.client(accounts[2]),
    world.bot.start(),
  ]);
  await Promise.all([ada.join(controlRoom), mallory.join(controlRoom, [world.pair.new.serverName])]);
  await ada.waitForMembership(controlRoom, world.botUserId, "join");
});

afterAll(() => world.close());

it("joins direct chats of permitted people, of its own and of another server", async () => {
  for (const person of [ada, ben]) {
    const roomId = await world.directChat(person);
    expect(textOf(await world.answer(person, roomId, "!help"))).toContain("!login");
  }
});

it("declines the direct chat of a stranger", async () => {
  const roomId = await mallory.createDirectChat(world.botUserId, { encrypted: true });
  expect(await botLeaves(mallory, roomId)).toEqual(["invite", "leave"]);
});

it("declines a room of several people", async () => {
  const roomId = await ada.createRoom({ name: "Family", invite: [ben.userId] });
  await ben.join(await ben.waitForInvite({ from: ada.userId }), [world.pair.new.serverName]);
  await ada.waitForMembership(roomId, ben.userId, "join");
  await ada.invite(roomId, world.botUserId);
  expect(await botLeaves(ada, roomId)).toEqual(["invite", "leave"]);
});

it("does not stay in a room of three that is called a direct chat", async () => {
  const roomId = await createRoomOf(world.pair.new.baseUrl, ada.accessToken, {
    preset: "trusted_private_chat",
    is_direct: true,
    invite: [world.botUserId, ben.userId],
  });
  await botLeaves(ada, roomId);
  expect(botMessages(ada, roomId, world)).toEqual([]);
});

it("refuses a stranger in a control room once, politely, and then stays silent, also after a restart", async () => {
  const first = await mallory.say(controlRoom, "!help");
  expect(textOf(await answerTo(mallory, controlRoom, first, world.botUserId))).toContain(
    "I can only work for people my operator has allowed",
  );
  const second = await mallory.say(controlRoom, "!whoami");
  expect(await botMessagesBehind(ada, controlRoom, { botUserId: world.botUserId, after: second })).toEqual(
    [],
  );
  await world.bot.stop();
  await world.bot.start();
  const third = await mallory.say(controlRoom, "!help");
  expect(await botMessagesBehind(ada, controlRoom, { botUserId: world.botUserId, after: third })).toEqual([]);
});

it("removes a stranger's secret all the same", async () => {
  const secret = await mallory.say(controlRoom, "!login old --password mallorys-password");
  await mallory.waitForMessage(controlRoom, ({ eventId, isRedacted }) => eventId === secret && isRedacted);
});

it("does not work in a direct chat that a third person was invited to, until they are gone", async () => {
  const roomId = await world.directChat(ada);
  expect(textOf(await world.answer(ada, roomId, "!whoami"))).toContain("New account: not signed in");
  await ada.invite(roomId, ben.userId);
  const secret = await ada.say(roomId, "!login new --password adas-password");
  expect(textOf(await answerTo(ada, roomId, secret, world.botUserId))).toContain(
    "I removed your message: other people can read this room",
  );
  await ada.waitForMessage(roomId, ({ eventId, isRedacted }) => eventId === secret && isRedacted);
  await ada.waitForMessage(roomId, (message) => textOf(message).startsWith("I only work in direct chats"), {
    after: secret,
  });
  await ben.join(roomId, [world.pair.new.serverName]);
  const ignored = await ada.say(roomId, "!whoami");
  // Who is in the room is looked at when the message is handled.
  await untilHandled(world.bot, ignored);
  await ben.leave(roomId);
  await ada.waitForMembership(roomId, ben.userId, "leave");
  expect(await botMessagesBehind(ada, roomId, { botUserId: world.botUserId, after: ignored })).toEqual([]);
});

/**
 * Waits until the bot has left a room, and gives its memberships there in the order in which the
 * person saw them.
 */
async function botLeaves(person: Person, roomId: string): Promise<unknown[]> {
  const isBots = ({ type, stateKey }: SeenMessage): boolean =>
    type === "m.room.member" && stateKey === world.botUserId;
  await person.waitForMessage(
    roomId,
    (message) => isBots(message) && message.content["membership"] === "leave",
  );
  return person
    .messages(roomId)
    .filter(isBots)
    .map(({ content }) => content["membership"]);
}
