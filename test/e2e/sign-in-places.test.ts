import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Homeserver } from "../lab/homeservers/pair.ts";
import type { Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { chatIn, openChat } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";
import type { FaultProxy, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import { LOGIN, WHOAMI, callOf, onNext } from "../support/faults/next-request.ts";
import { botSessions, callServer, countLogins } from "../support/servers/server-api.ts";

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  /** Between the bot and each server. Only the bot's requests pass them. */
  oldProxy: FaultProxy;
  newProxy: FaultProxy;
  oldAccount: Account;
  chat: Chat;
  /** The bot may remove messages in the first room, and not in the second. */
  controlRoom: string;
  powerlessControlRoom: string;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.environment = await createBotEnvironment({
    bot: async (pair) => {
      fixture.oldProxy = await startFaultProxy({ target: pair.old.baseUrl });
      fixture.newProxy = await startFaultProxy({ target: pair.new.baseUrl });
      const { accessToken } = await pair.new.registerUser({ localpart: "host", password: "the host's" });
      fixture.controlRoom = await createRoom(pair.new, accessToken, {
        preset: "public_chat",
        name: "Moving",
        power_level_content_override: { redact: 0 },
      });
      fixture.powerlessControlRoom = await createRoom(pair.new, accessToken, { preset: "public_chat" });
      return {
        homeserver: fixture.newProxy.url,
        servers: { [pair.old.serverName]: fixture.oldProxy.url, [pair.new.serverName]: fixture.newProxy.url },
        controlRooms: [fixture.controlRoom, fixture.powerlessControlRoom],
      };
    },
  });
  fixture.oldAccount = await fixture.environment.register("old", "ada");
  await fixture.environment.bot.start();
  fixture.chat = await openChat(fixture.environment, fixture.oldAccount);
});

beforeEach(() => {
  const { oldProxy, newProxy } = fixture;
  oldProxy.setRule();
  newProxy.setRule();
});

afterAll(async () => {
  const { environment, oldProxy, newProxy } = fixture;
  await environment.close();
  await oldProxy.stop();
  await newProxy.stop();
});

async function createRoom(
  server: Homeserver,
  accessToken: string,
  options: Record<string, unknown>,
): Promise<string> {
  const { body } = await callServer(server, accessToken, "POST", "/_matrix/client/v3/createRoom", options);
  return String(body["room_id"]);
}

/** The bot's requests to the old server during some work, with or without a secret. */
async function requestsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const { oldProxy } = fixture;
  const from = oldProxy.requests.length;
  await work();
  return oldProxy.requests.slice(from).map(callOf);
}

function isRedaction({ method, path }: ProxiedRequest): boolean {
  return method === "PUT" && path.includes("/redact/");
}

describe("a secret in a message", () => {
  it("is removed from the room before a password goes to the server", async () => {
    const { environment, oldProxy, newProxy, oldAccount, chat } = fixture;
    const redactionsBefore = newProxy.requests.filter(isRedaction).length;
    let statuses: (number | undefined)[] = [];
    oldProxy.setRule((request) => {
      if (callOf(request) === LOGIN)
        statuses = newProxy.requests
          .filter(isRedaction)
          .slice(redactionsBefore)
          .map(({ status }) => status);
      return undefined;
    });
    const eventId = await chat.person.say(chat.roomId, `!login old --password ${oldAccount.password}`);
    expect(textOf(await answerTo(chat.person, chat.roomId, eventId, environment.botUserId))).toContain(
      "is signed in",
    );
    expect(statuses).toEqual([200]);
    await chat.person.waitForMessage(
      chat.roomId,
      (message) => message.eventId === eventId && message.isRedacted,
    );

    const redaction = (await environment.pair.new.accessLog()).findLast(({ path }) =>
      path.includes(`/redact/${encodeURIComponent(eventId)}/`),
    );
    expect(redaction).toMatchObject({ method: "PUT", status: 200, user: environment.botUserId });
    await chat.ask("!logout");
  });

  it("is removed from the room before a token is tried", async () => {
    const { oldProxy, newProxy, oldAccount, chat } = fixture;
    const redactionsBefore = newProxy.requests.filter(isRedaction).length;
    const whoami = onNext(oldProxy, WHOAMI).then(() =>
      newProxy.requests.filter(isRedaction).slice(redactionsBefore),
    );
    await chat.ask(`!login old --token ${oldAccount.accessToken}`);
    expect((await whoami).map(({ status }) => status)).toEqual([200]);
    await chat.ask("!logout");
  });
});

describe("places where a secret must not be sent", () => {
  let ben: Person;
  let benAccount: Account;

  beforeAll(async () => {
    const { environment, controlRoom, powerlessControlRoom } = fixture;
    benAccount = await environment.register("new", "ben");
    ben = await environment.client(benAccount, { encryption: false });
    for (const roomId of [controlRoom, powerlessControlRoom]) {
      await ben.join(roomId);
      await ben.waitForMembership(roomId, environment.botUserId, "join");
    }
  });

  it("a control room gets the offer, which sends the person to a direct chat", async () => {
    const { environment, oldAccount, controlRoom } = fixture;
    const offer = await chatIn(environment, ben, controlRoom).ask(`!login old ${oldAccount.userId}`);
    expect(offer).toContain(
      `The server of your old account ${oldAccount.userId} has no sign-in by link. It takes a password or an access token.`,
    );
    expect(offer).toContain("Do that in a direct chat with me, not here, where other people can read it.");
  });

  it.each(["password", "token"])("a %s in a control room is removed at once and not used", async (kind) => {
    const { environment, oldAccount, controlRoom } = fixture;
    const secret = kind === "password" ? oldAccount.password : oldAccount.accessToken;
    const logins = await countLogins(environment.pair.old);
    const asked = await requestsDuring(async () => {
      const eventId = await ben.say(controlRoom, `!login old ${oldAccount.userId} --${kind} ${secret}`);
      const answer = await answerTo(ben, controlRoom, eventId, environment.botUserId);
      expect(textOf(answer)).toContain("I removed your message: other people can read this room");
      expect(textOf(answer)).toContain("I did not use it.");
      await ben.waitForMessage(controlRoom, (message) => message.eventId === eventId && message.isRedacted);
      expect(await chatIn(environment, ben, controlRoom).ask("!whoami")).toContain(
        "Old account: not signed in",
      );
    });
    expect(asked).toEqual([]);
    expect(await countLogins(environment.pair.old)).toBe(logins);
  });

  it("where the bot may not remove it, it says so and uses nothing", async () => {
    const { environment, oldAccount, powerlessControlRoom } = fixture;
    const asked = await requestsDuring(async () => {
      const answer = await chatIn(environment, ben, powerlessControlRoom).ask(
        `!login old ${oldAccount.userId} --password ${oldAccount.password}`,
      );
      expect(answer).toContain(
        "I did not use it, but I am not allowed to remove your message. Please delete it yourself, now.",
      );
      expect(await chatIn(environment, ben, powerlessControlRoom).ask("!whoami")).toContain(
        "Old account: not signed in",
      );
    });
    expect(asked).toEqual([]);
  });

  it("a direct chat in which the bot may not remove it: nothing is used", async () => {
    const { environment, oldAccount } = fixture;
    const roomId = await createRoom(environment.pair.new, benAccount.accessToken, {
      preset: "private_chat",
      is_direct: true,
      invite: [environment.botUserId],
    });
    await ben.waitForMembership(roomId, environment.botUserId, "join");
    const direct = chatIn(environment, ben, roomId);
    const logins = await countLogins(environment.pair.old);
    const asked = await requestsDuring(async () => {
      for (const secret of [`--password ${oldAccount.password}`, `--token ${oldAccount.accessToken}`]) {
        const answer = await direct.ask(`!login old ${oldAccount.userId} ${secret}`);
        expect(answer).toContain("I could not remove your message, so I did not use the secret in it.");
        expect(answer).toContain("I need the right to remove messages in this chat (power level 50)");
      }
      expect(await direct.ask("!whoami")).toContain("Old account: not signed in");
    });
    expect(asked).toEqual([]);
    expect(await countLogins(environment.pair.old)).toBe(logins);
  });

  it("a chat of two that others can read is no direct chat, until it is closed again", async () => {
    const { environment, oldAccount } = fixture;
    const cleo = await environment.register("new", "cora");
    const direct = await openChat(environment, cleo);
    await direct.ask("!whoami");
    const setVisibility = (history_visibility: string) =>
      direct.person.sendState(direct.roomId, "m.room.history_visibility", "", { history_visibility });
    await setVisibility("world_readable");
    const asked = await requestsDuring(async () => {
      const answer = await direct.ask(`!login old ${oldAccount.userId} --password ${oldAccount.password}`);
      expect(answer).toContain("I removed your message: other people can read this room");
    });
    expect(asked).toEqual([]);
    await setVisibility("shared");
    expect(await direct.ask("!whoami")).toContain("Old account: not signed in");
  });

  it("a chat to which a third person was invited is no direct chat", async () => {
    const { environment, oldAccount } = fixture;
    const direct = await openChat(environment, await environment.register("new", "cleo"));
    await direct.ask("!whoami");
    await direct.person.invite(direct.roomId, benAccount.userId);
    const asked = await requestsDuring(async () => {
      const eventId = await direct.person.say(
        direct.roomId,
        `!login old ${oldAccount.userId} --password ${oldAccount.password}`,
      );
      const answer = await answerTo(direct.person, direct.roomId, eventId, environment.botUserId);
      expect(textOf(answer)).toContain("I removed your message: other people can read this room");
      const isNote = (message: SeenMessage): boolean =>
        textOf(message).includes("I only work in direct chats and in my control rooms.");
      await direct.person.waitForMessage(direct.roomId, isNote, {
        from: environment.botUserId,
        after: answer.eventId,
      });
    });
    expect(asked).toEqual([]);
  });
});

describe("a sign-in that is cut off", () => {
  it("by a kill between the server's answer and its storing is answered once after the restart, with one session", async () => {
    const { environment, oldProxy, oldAccount, chat } = fixture;
    const proof = onNext(oldProxy, WHOAMI, { kind: "hang" });
    const eventId = await chat.person.say(chat.roomId, `!login old --password ${oldAccount.password}`);
    await proof;
    const [session = "", ...others] = await botSessions(oldAccount);
    expect(session).not.toBe("");
    expect(others).toEqual([]);
    await environment.bot.kill();
    oldProxy.setRule();
    await environment.bot.start();
    expect(textOf(await answerTo(chat.person, chat.roomId, eventId, environment.botUserId))).toContain(
      "is signed in",
    );
    const said = await botMessagesBehind(chat.person, chat.roomId, {
      botUserId: environment.botUserId,
      after: eventId,
    });
    expect(said.map(textOf).filter((text) => text.includes("is signed in"))).toHaveLength(1);
    expect(await botSessions(oldAccount)).toEqual([session]);
    expect(await chat.whoami()).toContain(`session ${session}, works`);
    await chat.ask("!logout");
    expect(await botSessions(oldAccount)).toEqual([]);
  });

  it("by a lost answer is reported, and another try leaves one session", async () => {
    const { oldProxy, oldAccount, chat } = fixture;
    const lost = onNext(oldProxy, LOGIN, { kind: "lose-answer" });
    const answer = await chat.ask(`!login old --password ${oldAccount.password}`);
    await lost;
    expect(answer).toMatch(/The connection to 127\.0\.0\.1:\d+ broke off\. Please try again in a minute\./u);
    const left = await botSessions(oldAccount);
    expect(left).toHaveLength(1);
    expect(await chat.ask("!whoami")).toContain("Old account: not signed in");
    expect(await chat.ask(`!login old --password ${oldAccount.password}`)).toContain("is signed in");
    expect(await botSessions(oldAccount)).toEqual(left);
    await chat.ask("!logout");
    expect(await botSessions(oldAccount)).toEqual([]);
  });

  it("by a suspension that shows only afterwards is refused, and the session is ended", async () => {
    const { oldProxy, oldAccount, chat } = fixture;
    const proof = onNext(oldProxy, WHOAMI, { kind: "status", status: 403, errcode: "M_USER_SUSPENDED" });
    const answer = await chat.ask(`!login old --password ${oldAccount.password}`);
    await proof;
    expect(answer).toContain(
      "This account is suspended by its server. Please ask its administrator to lift that.",
    );
    expect(await botSessions(oldAccount)).toEqual([]);
    expect(await chat.ask("!whoami")).toContain("Old account: not signed in");
  });
});
