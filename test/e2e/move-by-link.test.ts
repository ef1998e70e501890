import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUserId } from "../../src/platforms/matrix/ids/identifiers.ts";
import { MAX_REQUESTS_PER_SERVER } from "../../src/queue/server-slots.ts";
import type { AuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import { startAuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import type { AccessLogLine } from "../lab/homeservers/pair.ts";
import { textOf } from "../lab/person/person.ts";
import type { Account } from "../support/environments/bot-environment.ts";
import { enteredRooms, missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { countVisibleChanges } from "../support/environments/visible-changes.ts";
import { killInRenewal } from "../support/faults/crash-points.ts";
import type { FaultProxy, ProxiedRequest, Rule } from "../support/faults/fault-proxy.ts";
import { botSessions, isSignedIn } from "../support/servers/server-api.ts";

const SIDES = ["old", "new"] as const;
type Side = (typeof SIDES)[number];

/**
 * Tokens are renewed an eighth of a second after their issue, at their next use. They work for
 * longer than that, so that a slow machine has time to use them.
 */
const LIFETIME = { accessTokenSeconds: 4, announcedSeconds: 0.2, intervalSeconds: 1 };
const LIFETIME_MS = LIFETIME.accessTokenSeconds * 1_000;
const MIN_RENEWALS = 30;
/** The maximum of steps, over both accounts, that may call one server at once. */
const MAX_UNDER_WAY = 2 * MAX_REQUESTS_PER_SERVER;
/** During the middle of the move, each server answers one write of the bot in this time. */
const PACE_MS: Readonly<Record<Side, number>> = { old: 250, new: 160 };

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  oauth: Record<Side, AuthorizationServer>;
  move: FaultyMoveEnvironment;
  proxies: Record<Side, FaultProxy>;
  startedAt: number;
  startEvent: string;
}

const story = {} as Story;

const noted = { old: 0, new: 0 };
/** Refresh tokens that were used. */
const used = new Set<string>();

describe("a move of two accounts that are signed in by link", () => {
  beforeAll(async () => {
    story.oauth = {
      old: await startAuthorizationServer(LIFETIME),
      new: await startAuthorizationServer(LIFETIME),
    };
    story.move = await createFaultyMoveEnvironment({
      seed: 61,
      rooms: { count: 30 },
      authorizationServers: story.oauth,
    });
    story.proxies = { old: story.move.oldServer, new: story.move.newServer };
  });

  afterAll(async () => {
    const { oauth, move } = story;
    await move.close();
    await Promise.all(SIDES.map((side) => oauth[side].stop()));
  });

  it("continues after the bot is killed in the middle of renewals", async () => {
    const { oauth, move, proxies } = story;
    await move.ask("!migrate plan");
    countRenewals();
    const lastKill = Promise.withResolvers<undefined>();
    for (const side of SIDES)
      proxies[side].setRule([uploadsHeldUntil(lastKill.promise), paced(PACE_MS[side])]);
    story.startedAt = Date.now();
    story.startEvent = await move.typist.say(move.chatId, "!migrate start");
    await nextWrite("new");
    for (const [side, fault] of [
      ["old", "lost_request"],
      ["new", "lost_answer"],
      ["old", undefined],
      ["new", undefined],
    ] as const) {
      await killInRenewal(move.bot, oauth[side], fault);
      countRenewals();
      await move.bot.start();
    }
    lastKill.resolve(undefined);
    await move.waitFor(/is under way[^]*I was restarted in between and resumed by myself\./u, {
      after: story.startEvent,
    });
  });

  it("waits for authorization servers that are away until the tokens expire, says so, and continues by itself", async () => {
    const { oauth, move } = story;
    await Promise.all(SIDES.map((side) => oauth[side].stop()));
    countRenewals();
    const isAway = move.waitFor(/ does not answer; I try again at/u, { after: story.startEvent });
    await Promise.all([isAway, sleep(LIFETIME_MS)]);
    const goesOn = SIDES.map(nextWrite);
    await Promise.all(SIDES.map((side) => oauth[side].start()));
    await Promise.all(goesOn);
  });

  it("stops when the person has ended a session, says what to do, and continues after a new sign-in by link", async () => {
    const { oauth, move } = story;
    const { source } = move;
    countRenewals();
    await oauth.old.endSessions(localpartOf(source.userId));
    const call = await move.waitFor(/has stopped; nothing is lost\./u, { after: story.startEvent });
    expect(call.content).toMatchObject({
      msgtype: "m.text",
      "m.mentions": { user_ids: [move.typist.userId] },
    });
    expect(textOf(call)).toContain(`My session of your old account ${source.userId} has ended.`);
    expect(textOf(call)).toContain(
      `Please sign in again: !login old ${source.userId}. Then I continue by myself.`,
    );
    expect(await move.ask("!migrate status", /^The move /u)).toContain("waits for you");
    countVainRenewals();
    const goesOn = nextWrite("old");
    await move.signIn("old");
    await goesOn;
  });

  it("has the result of an undisturbed move after more than thirty renewals", async () => {
    const { move, proxies } = story;
    const end = move.waitFor(/The move is done\./u);
    await expect.poll(() => countRenewals(), { interval: 100 }).toBeGreaterThan(MIN_RENEWALS);
    for (const side of SIDES) proxies[side].setRule();
    const said = textOf(await end);
    const entered = enteredRooms(move.population).length;
    expect(said).toContain(`${entered} of ${move.population.rooms.length} rooms done.`);
    expect(said).toContain(`- ${entered} rooms joined`);
    expect(said).not.toContain("What did not work");
    expect(await missingRooms(move)).toEqual([]);
  });

  it("does nothing twice", async () => {
    const visible = await countVisibleChanges(story.move, story.startedAt);
    expect(visible.size).toBeGreaterThan(20);
    expect([...visible].filter(([, count]) => count > 1)).toEqual([]);
    const writes = new Map<string, number>();
    for (const { method, path, user, status, finishedAt } of await log()) {
      if (finishedAt < story.startedAt || status !== 200 || !isWriting({ method, path })) continue;
      const what = `${method} ${path} by ${user ?? "nobody"}`;
      writes.set(what, (writes.get(what) ?? 0) + 1);
    }
    expect(writes.size).toBeGreaterThan(80);
    expect([...writes].filter(([, count]) => count > 1)).toEqual([]);
  });

  it("leaves no session when both accounts are logged out", async () => {
    const accounts = { old: accountOf("old"), new: accountOf("new") };
    for (const side of SIDES) expect(await botSessions(accounts[side])).toHaveLength(1);
    const answer = await story.move.ask("!logout");
    for (const side of SIDES) {
      expect(answer).toContain(`${accounts[side].userId}: my session is logged out`);
      expect(await botSessions(accounts[side])).toEqual([]);
      expect(await isSignedIn({ ...accounts[side], accessToken: lastToken(side) })).toBe(false);
    }
  });
});

/**
 * Counts the renewals since the last call. No two of them may have used the same refresh token. The
 * exception is a renewal whose answer a kill cut off: the bot repeats it. Therefore this is called
 * after each kill. @returns the number of all renewals until now
 */
function countRenewals(): number {
  for (const side of SIDES) {
    const sent = newRefreshTokens(side);
    expect(new Set(sent).size).toBe(sent.length);
    for (const token of sent) used.add(token);
  }
  return used.size;
}

/**
 * The old account's session has ended. Each request under way finds that out by the same refresh
 * token, and nothing else is sent.
 */
function countVainRenewals(): void {
  const sent = newRefreshTokens("old");
  const vain = sent.filter((token) => token === sent.at(-1)).length;
  expect(new Set(sent).size).toBe(sent.length - vain + 1);
  expect(vain).toBeLessThanOrEqual(MAX_UNDER_WAY);
  countRenewals();
}

function newRefreshTokens(side: Side): string[] {
  const { requests } = story.oauth[side];
  const sent = requests.slice(noted[side]).flatMap(({ form }) => form["refresh_token"] ?? []);
  noted[side] = requests.length;
  return sent;
}

/** The server handles everything at once. Its answers to writes come later, one by one. */
function paced(ms: number): Rule {
  let freeAt = 0;
  return (request) => {
    if (!isWriting(request)) return { kind: "delay-answer", ms };
    freeAt = Math.max(freeAt, Date.now()) + ms;
    return { kind: "delay-answer", ms: freeAt - Date.now() };
  };
}

/**
 * The bot cannot check whether an upload was made. If it is killed before the answer comes, it
 * uploads again, and nobody sees the first upload. Here uploads are held while kills happen, so
 * that each upload is made once.
 */
function uploadsHeldUntil(until: Promise<unknown>): Rule {
  return ({ method, path }) =>
    method === "POST" && path === "/_matrix/media/v3/upload" ? { kind: "hold", until } : undefined;
}

/** The requests of the two accounts to their servers. */
async function log(): Promise<AccessLogLine[]> {
  const { move } = story;
  const logs = await Promise.all(SIDES.map((side) => move.pair[side].accessLog()));
  const owners = new Set([move.source.userId, move.target.userId]);
  return logs.flat().filter(({ user }) => user !== undefined && owners.has(user));
}

function isWriting({ method, path }: Pick<ProxiedRequest, "method" | "path">): boolean {
  return method !== "GET" && !path.endsWith("/sync");
}

/** Resolves at the bot's next write to an account. */
function nextWrite(side: Side): Promise<void> {
  const { requests } = story.proxies[side];
  const from = requests.length;
  return expect.poll(() => requests.slice(from).some(isWriting), { interval: 50 }).toBe(true);
}

function accountOf(side: Side): Account {
  const { move } = story;
  const { source, target } = move.population;
  return { ...(side === "old" ? source : target), server: move.pair[side], deviceId: "" };
}

/** The access token that the bot last used for an account. */
function lastToken(side: Side): string {
  return story.proxies[side].requests.at(-1)?.headers.authorization?.replace("Bearer ", "") ?? "";
}

function localpartOf(userId: string): string {
  return parseUserId(userId)?.localpart ?? "";
}
