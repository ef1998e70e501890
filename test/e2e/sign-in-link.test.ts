import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import { startAuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import type { Person } from "../lab/person/person.ts";
import { contentOf, textOf } from "../lab/person/person.ts";
import { botMessagesBehind } from "../support/chat/bot-messages.ts";
import { createControlRoom } from "../support/chat/control-room.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { chatIn } from "../support/chat/direct-chat.ts";
import type { LinkPlace, OfferedLink } from "../support/chat/link-sign-in.ts";
import { askForLink, becomes, signInByLink } from "../support/chat/link-sign-in.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import { killInRenewal } from "../support/faults/crash-points.ts";
import { botSessions } from "../support/servers/server-api.ts";

/**
 * The bot renews tokens of the old server within half a second, so that every command needs a
 * renewal.
 */
const LIFETIME = { accessTokenSeconds: 4, announcedSeconds: 0.5 };

/** What the tests of this file share. */
interface Fixture {
  oauth: AuthorizationServer;
  environment: BotEnvironment;
  person: Person;
  chat: Chat;
  controlRoom: string;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.oauth = await startAuthorizationServer({ ...LIFETIME, intervalSeconds: 1 });
  fixture.environment = await createBotEnvironment({
    authorizationServers: { old: fixture.oauth },
    bot: async (pair) => {
      fixture.controlRoom = await createControlRoom(pair);
      return { controlRooms: [fixture.controlRoom] };
    },
  });
  await fixture.environment.bot.start();
  fixture.person = await fixture.environment.client(await fixture.environment.register("new", "ada"), {
    encryption: true,
  });
  fixture.chat = chatIn(
    fixture.environment,
    fixture.person,
    await fixture.environment.directChat(fixture.person),
  );
});

afterEach(() => {
  fixture.oauth.setRule();
});

afterAll(async () => {
  const { oauth, environment } = fixture;
  await environment.close();
  await oauth.stop();
});

let users = 0;

async function addUser(): Promise<Account & { localpart: string }> {
  const localpart = `old${++users}`;
  return { ...(await fixture.environment.register("old", localpart)), localpart };
}

function place(room = fixture.chat.roomId): LinkPlace {
  const { environment, person } = fixture;
  return { person, roomId: room, botUserId: environment.botUserId };
}

function linkFor(
  { userId }: Account,
  { side = "old", room }: { side?: "old" | "new"; room?: string } = {},
): Promise<OfferedLink> {
  return askForLink(place(room), { side, userId });
}

function until({ message }: OfferedLink, words: string): Promise<string> {
  return becomes(place(), message, words);
}

function signIn({ userId }: Account): Promise<string> {
  return signInByLink(place(), { side: "old", userId }, fixture.oauth);
}

describe("signing in by link, in a chat", () => {
  it("takes one message, which says what the page will show and becomes the answer", async () => {
    const { oauth, environment, person, chat } = fixture;
    const user = await addUser();
    const { userId } = user;
    const link = await linkFor(user);
    const shown = textOf(link.message);
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
    expect(contentOf(link.message)["formatted_body"]).toContain(`<code>${link.code}</code>`);
    await oauth.approve(link.code, user.localpart);
    const answer = await until(link, `✅ Your old account ${userId} is signed in.`);
    expect(answer).toContain("Next, sign in your new account");
    const said = await botMessagesBehind(person, chat.roomId, {
      botUserId: environment.botUserId,
      after: link.commandId,
    });
    expect(said.map(({ eventId }) => eventId)).toEqual([link.message.eventId]);
    const [device = ""] = await botSessions(user);
    const whoami = await chat.whoami();
    expect(whoami).toContain(`Old account: ${userId}, signed in by link since`);
    expect(whoami).toContain(
      `session ${device}, works, until you log it out; manage it at ${oauth.issuer}/account/?action=`,
    );
    expect(await chat.ask("!logout old")).toContain(`Old account ${userId}: my session is logged out`);
    expect(await botSessions(user)).toEqual([]);
  });

  it("works in a control room, because it needs no secret", async () => {
    const { oauth, person, controlRoom } = fixture;
    const user = await addUser();
    await person.join(controlRoom);
    const link = await linkFor(user, { room: controlRoom });
    await oauth.approve(link.code, user.localpart);
    await until(link, "is signed in");
  });

  it("reports a refusal, a wrong account and an expired code", async () => {
    const { oauth } = fixture;
    const [asked, other] = [await addUser(), await addUser()];
    const refused = await linkFor(asked);
    await oauth.deny(refused.code);
    expect(await until(refused, "was refused")).toContain(`!login old ${asked.userId} starts again`);
    const wrong = await linkFor(asked);
    await oauth.approve(wrong.code, other.localpart);
    expect(await until(wrong, "another account")).toContain(other.userId);
    expect(await botSessions(other)).toEqual([]);
    const unused = await linkFor(asked);
    oauth.expireCodes();
    expect(await until(unused, "has expired")).toContain(`!login old ${asked.userId} gives a new one`);
  });

  it("waits for both accounts at once, is replaced by a newer link, and ends with !cancel", async () => {
    const { oauth, chat } = fixture;
    const [old, young] = [await addUser(), await addUser()];
    const first = await linkFor(old);
    const second = await linkFor(old);
    await until(first, "you started another one");
    const target = await linkFor(young, { side: "new" });
    expect(await chat.ask("!cancel new")).toContain("I no longer wait for the sign-in of your new account");
    await until(target, "is cancelled");
    await oauth.approve(second.code, old.localpart);
    await until(second, "is signed in");
    expect(await chat.ask("!cancel")).toContain("nothing to cancel");
  });

  it("continues to wait after a kill, also for a link that was confirmed meanwhile", async () => {
    const { oauth, environment } = fixture;
    const user = await addUser();
    const link = await linkFor(user);
    await environment.bot.kill();
    await oauth.approve(link.code, user.localpart);
    await environment.bot.start();
    await until(link, "is signed in");
    const other = await linkFor(user);
    await environment.bot.kill();
    await environment.bot.start();
    await oauth.approve(other.code, user.localpart);
    await until(other, "is signed in");
    expect(await botSessions(user)).toHaveLength(1);
  });

  it("warns that a pasted token expires and that a link is better", async () => {
    const { userId, accessToken } = await addUser();
    const answer = await fixture.chat.ask(`!login old ${userId} --token ${accessToken}`);
    expect(answer).toContain("Tokens of this server expire within minutes");
    expect(answer).toContain(`Better sign in by link, which needs no secret: !login old ${userId}`);
  });

  it("names the next sign-in method when a server has no links", async () => {
    const answer = await fixture.chat.ask("!login new");
    expect(answer).toContain("has no sign-in by link. It takes a password or an access token");
  });
});

describe("a session that renews itself", () => {
  it("survives a kill at every moment of a renewal", async () => {
    const { oauth, environment, chat } = fixture;
    const user = await addUser();
    await signIn(user);
    for (const fault of ["lost_request", "lost_answer", undefined] as const) {
      const killed = killInRenewal(environment.bot, oauth, fault).then(() => "killed");
      // Repeats until a token is due.
      let last: string;
      do last = await Promise.race([chat.ask("!whoami"), killed]);
      while (last !== "killed");
      await environment.bot.start();
      expect(await chat.whoami()).toMatch(new RegExp(`Old account: ${user.userId}, .*, works`, "u"));
    }
  });

  it("is reported as ended when the person ended it during a plan, and the plan works after a new sign-in", async () => {
    const { oauth, chat } = fixture;
    const user = await addUser();
    await signIn(user);
    await chat.ask(`!login new --password ada\'s "secret" of new`);
    expect(await chat.ask("!migrate plan")).toContain(`Plan 1 for ${user.userId}`);
    await oauth.endSessions(user.localpart);
    const answer = await chat.ask("!migrate plan");
    expect(answer).toContain(`!login old ${user.userId}`);
    expect(await chat.whoami()).toMatch(
      new RegExp(`Old account: ${user.userId}, .*, has ended: please sign in again`, "u"),
    );
    await signIn(user);
    expect(await chat.ask("!migrate plan")).toContain("Plan 2");
  });
});
