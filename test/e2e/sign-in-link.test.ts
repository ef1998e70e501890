import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AuthorizationServer } from "../../src/demo/authorization-server/authorization-server.ts";
import { startAuthorizationServer } from "../../src/demo/authorization-server/authorization-server.ts";
import type { Person, SeenMessage } from "../../src/demo/person/person.ts";
import { contentOf, textOf } from "../../src/demo/person/person.ts";
import { botMessagesBehind } from "../support/answers.ts";
import { chatIn } from "../support/chat.ts";
import type { Chat } from "../support/chat.ts";
import { createControlRoom } from "../support/control-room.ts";
import { callServer } from "../support/server-api.ts";
import type { World } from "../support/world.ts";
import { createWorld } from "../support/world.ts";

/** Tokens of the old server live for four seconds, so that every command meets a token that is due. */
const LIFE_S = 4;

let oauth: AuthorizationServer;
let world: World;
let person: Person;
let chat: Chat;
let controlRoom: string;

beforeAll(async () => {
  oauth = await startAuthorizationServer({ accessTokenSeconds: LIFE_S, intervalSeconds: 1 });
  world = await createWorld({
    extraConfig: { old: oauth.homeserverConfig },
    bot: async (pair) => {
      controlRoom = await createControlRoom(pair);
      return { controlRooms: [controlRoom] };
    },
  });
  oauth.connect(world.pair.old);
  await world.bot.start();
  person = await world.client(await world.register("new", "ada"), { encryption: true });
  chat = chatIn(world, person, await world.directChat(person));
});

afterEach(() => oauth.setRule());

afterAll(async () => {
  await world.close();
  await oauth.stop();
});

let users = 0;

async function addUser(): Promise<{ localpart: string; userId: string }> {
  const localpart = `old${++users}`;
  await oauth.addUser(localpart);
  return { localpart, userId: `@${localpart}:${world.pair.old.serverName}` };
}

/** Asks for a link and gives the code in the answer, with the message that it stands in and the command. */
async function askForLink(
  userId: string,
  { side = "old", room = chat.roomId } = {},
): Promise<{ code: string; message: SeenMessage; commandId: string }> {
  const commandId = await person.say(room, `!login ${side} ${userId}`);
  const message = await person.waitForMessage(room, (seen) => /^[A-Z]{6}$/mu.test(textOf(seen)), {
    from: world.botUserId,
    after: commandId,
  });
  const code = /^[A-Z]{6}$/mu.exec(textOf(message))?.[0] ?? "";
  return { code, message, commandId };
}

/** Waits until a message has become another one. */
async function becomes({ eventId, roomId }: SeenMessage, words: string): Promise<string> {
  const isIt = (seen: SeenMessage): boolean => seen.eventId === eventId && textOf(seen).includes(words);
  return textOf(await person.waitForMessage(roomId, isIt, { from: world.botUserId, timeoutMs: 60_000 }));
}

async function signIn(user: { localpart: string; userId: string }): Promise<void> {
  const { code, message } = await askForLink(user.userId);
  await oauth.approve(code, user.localpart);
  await becomes(message, "is signed in");
}

/** Names of the sessions that the bot has on an account. */
async function botDevices(localpart: string): Promise<string[]> {
  const { accessToken } = await oauth.openSession(localpart);
  const { body } = await callServer(world.pair.old, accessToken, "GET", "/_matrix/client/v3/devices");
  const devices = body["devices"] as { device_id: string; display_name?: string }[];
  return devices.filter((device) => device.display_name === "Matrix Mover").map((device) => device.device_id);
}

describe("signing in by link, in a chat", () => {
  it("is one message that tells what the page will show, and becomes the answer", async () => {
    const { localpart, userId } = await addUser();
    const { code, message, commandId } = await askForLink(userId);
    const shown = textOf(message);
    for (const words of [
      `${oauth.issuer}/link`,
      "valid for 20 minutes",
      "Matrix Mover",
      "https://",
      "warn in red",
      "Tick the box",
      userId,
    ])
      expect(shown).toContain(words);
    expect(contentOf(message)["formatted_body"]).toContain(`<code>${code}</code>`);
    await oauth.approve(code, localpart);
    const answer = await becomes(message, `✅ Your old account ${userId} is signed in.`);
    expect(answer).toContain("Next, sign in your new account");
    const said = await botMessagesBehind(person, chat.roomId, { botUserId: world.botUserId, after: commandId });
    expect(said.map(({ eventId }) => eventId)).toEqual([message.eventId]);
    const [device = ""] = await botDevices(localpart);
    const whoami = await chat.ask("!whoami");
    expect(whoami).toContain(`Old account: ${userId}, signed in by link since`);
    expect(whoami).toContain(`session ${device}, works, until you log it out; manage it at ${oauth.issuer}/account/?action=`);
    expect(await chat.ask("!logout old")).toContain(`Old account ${userId}: my session is logged out`);
    expect(await botDevices(localpart)).toEqual([]);
  });

  it("works in a control room, for nothing in it is secret", async () => {
    const { localpart, userId } = await addUser();
    await person.join(controlRoom);
    const { code, message } = await askForLink(userId, { room: controlRoom });
    await oauth.approve(code, localpart);
    await becomes(message, "is signed in");
  });

  it("tells a refusal, a wrong account and a code that ran out", async () => {
    const [asked, other] = [await addUser(), await addUser()];
    const refused = await askForLink(asked.userId);
    await oauth.deny(refused.code);
    expect(await becomes(refused.message, "was refused")).toContain(`!login old ${asked.userId} begins anew`);
    const wrong = await askForLink(asked.userId);
    await oauth.approve(wrong.code, other.localpart);
    expect(await becomes(wrong.message, "another account")).toContain(other.userId);
    expect(await botDevices(other.localpart)).toEqual([]);
    const unused = await askForLink(asked.userId);
    oauth.expireCodes();
    expect(await becomes(unused.message, "has run out")).toContain(`!login old ${asked.userId} gives a fresh one`);
  });

  it("waits for both accounts at once, gives way to a newer one, and ends with !cancel", async () => {
    const [old, young] = [await addUser(), await addUser()];
    const first = await askForLink(old.userId);
    const second = await askForLink(old.userId);
    await becomes(first.message, "you began another one");
    const target = await askForLink(young.userId, { side: "new" });
    expect(await chat.ask("!cancel new")).toContain("I no longer wait for the sign-in of your new account");
    await becomes(target.message, "is cancelled");
    await oauth.approve(second.code, old.localpart);
    await becomes(second.message, "is signed in");
    expect(await chat.ask("!cancel")).toContain("nothing to cancel");
  });

  it("goes on waiting after a kill, also for what was confirmed meanwhile", async () => {
    const user = await addUser();
    const { code, message } = await askForLink(user.userId);
    await world.bot.kill();
    await oauth.approve(code, user.localpart);
    await world.bot.start();
    await becomes(message, "is signed in");
    const other = await askForLink(user.userId);
    await world.bot.kill();
    await world.bot.start();
    await oauth.approve(other.code, user.localpart);
    await becomes(other.message, "is signed in");
    expect(await botDevices(user.localpart)).toHaveLength(1);
  });

  it("tells of a pasted token that runs out, and that a link is better", async () => {
    const { localpart, userId } = await addUser();
    const { accessToken } = await oauth.openSession(localpart);
    const answer = await chat.ask(`!login old ${userId} --token ${accessToken}`);
    expect(answer).toContain("Tokens of this server run out within minutes");
    expect(answer).toContain(`Better sign in by link, which needs no secret: !login old ${userId}`);
  });

  it("names the next way where a server has no link", async () => {
    const answer = await chat.ask("!login new");
    expect(answer).toContain("has no sign-in by link. It takes a password or an access token");
  });
});

describe("a session that renews itself", () => {
  it("survives a kill at every moment of a renewal", async () => {
    const user = await addUser();
    await signIn(user);
    let kills = 0;
    for (const fault of ["lost_request", "lost_answer", undefined] as const) {
      const killed = Promise.withResolvers<undefined>();
      const before = kills;
      oauth.setRule(async ({ form }) => {
        if (form["refresh_token"] === undefined) return undefined;
        oauth.setRule();
        const ended = world.bot.kill().then(() => killed.resolve(undefined));
        // Without a fault the answer and the kill race, so that it comes before, while or after the pair is stored.
        if (fault !== undefined) await ended;
        kills++;
        return fault;
      });
      // Until a token is due.
      while (kills === before) await Promise.race([chat.ask("!whoami"), killed.promise]);
      await killed.promise;
      await world.bot.start();
      expect(await chat.ask("!whoami")).toMatch(new RegExp(`Old account: ${user.userId}, .*, works`, "u"));
    }
    expect(kills).toBe(3);
  });

  it("that its person ended in the middle of a plan is told, and the plan works after a new sign-in", async () => {
    const user = await addUser();
    await signIn(user);
    await chat.ask(`!login new --password ada\'s "secret" of new`);
    expect(await chat.ask("!migrate plan")).toContain(`Plan 1 for ${user.userId}`);
    await oauth.endSessions(user.localpart);
    const told = await chat.ask("!migrate plan");
    expect(told).toContain(`!login old ${user.userId}`);
    expect(await chat.ask("!whoami")).toMatch(
      new RegExp(`Old account: ${user.userId}, .*, has ended: please sign in again`, "u"),
    );
    await signIn(user);
    expect(await chat.ask("!migrate plan")).toContain("Plan 2");
  });
});
