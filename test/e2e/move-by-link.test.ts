import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { AuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import { startAuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import type { AccessLogLine } from "../lab/homeservers/pair.ts";
import { textOf } from "../lab/person/person.ts";
import { parseUserId } from "../../src/platforms/matrix/ids/identifiers.ts";
import { MAX_REQUESTS_PER_SERVER } from "../../src/queue/server-slots.ts";
import { enteredRooms, missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultProxy, ProxiedRequest, Rule } from "../support/faults/fault-proxy.ts";
import { killInRenewal } from "../support/faults/crash-points.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { botSessions, isSignedIn } from "../support/servers/server-api.ts";
import { countVisibleChanges } from "../support/environments/visible-changes.ts";
import type { Account } from "../support/environments/bot-environment.ts";

const SIDES = ["old", "new"] as const;
type Side = (typeof SIDES)[number];

/**
 * Tokens are renewed after an eighth of a second, once they are to be used again; what they are
 * good for is longer, so that a slow machine gets to use them.
 */
const LIFE = { accessTokenSeconds: 4, announcedSeconds: 0.2, intervalSeconds: 1 };
const LIFE_MS = LIFE.accessTokenSeconds * 1_000;
const WANTED_RENEWALS = 50;
/** Steps of both accounts that may be asking one server. */
const MAX_UNDER_WAY = 2 * MAX_REQUESTS_PER_SERVER;
/**
 * While the move is to be in its middle, each server lets the bot have one answer to a write in
 * such a time.
 */
const PACE_MS: Readonly<Record<Side, number>> = { old: 250, new: 160 };

let oauth: Record<Side, AuthorizationServer>;
let move: FaultyMoveEnvironment;
let proxies: Record<Side, FaultProxy>;
let startedAt: number;
let startEvent: string;

beforeAll(async () => {
  oauth = { old: await startAuthorizationServer(LIFE), new: await startAuthorizationServer(LIFE) };
  move = await createFaultyMoveEnvironment({ seed: 61, rooms: { count: 30 }, authorizationServers: oauth });
  proxies = { old: move.oldServer, new: move.newServer };
});

afterAll(async () => {
  await move.close();
  await Promise.all(SIDES.map((side) => oauth[side].stop()));
});

it("goes on although the bot is killed in the middle of renewals", async () => {
  await move.ask("!migrate plan");
  countRenewals();
  const lastKill = Promise.withResolvers<undefined>();
  for (const side of SIDES) proxies[side].setRule([uploadsHeldUntil(lastKill.promise), paced(PACE_MS[side])]);
  startedAt = Date.now();
  startEvent = await move.typist.say(move.chatId, "!migrate start");
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
    after: startEvent,
  });
});

it("waits for authorization servers that are away for longer than a token lives, says so, and goes on by itself", async () => {
  await Promise.all(SIDES.map((side) => oauth[side].stop()));
  countRenewals();
  const isAway = move.waitFor(/ does not answer; I try again at/u, { after: startEvent });
  await Promise.all([isAway, sleep(LIFE_MS)]);
  const goesOn = SIDES.map(nextWrite);
  await Promise.all(SIDES.map((side) => oauth[side].start()));
  await Promise.all(goesOn);
});

it("stops when the person has ended a session, says what to do, and goes on once they have signed in by link again", async () => {
  const { source } = move;
  countRenewals();
  await oauth.old.endSessions(localpartOf(source.userId));
  const call = await move.waitFor(/has stopped; nothing is lost\./u, { after: startEvent });
  expect(call.content).toMatchObject({ msgtype: "m.text", "m.mentions": { user_ids: [move.typist.userId] } });
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

it("ends as a move that nothing disturbs, after more than fifty renewals", async () => {
  const end = move.waitFor(/The move is done\./u);
  await vi.waitFor(() => expect(countRenewals()).toBeGreaterThan(WANTED_RENEWALS), {
    timeout: 20_000,
    interval: 100,
  });
  for (const side of SIDES) proxies[side].setRule();
  const said = textOf(await end);
  const entered = enteredRooms(move.population).length;
  expect(said).toContain(`${entered} of ${move.population.rooms.length} rooms done.`);
  expect(said).toContain(`- ${entered} rooms joined`);
  expect(said).not.toContain("What did not work");
  expect(await missingRooms(move)).toEqual([]);
});

it("did nothing twice", async () => {
  const visible = await countVisibleChanges(move, startedAt);
  expect(visible.size).toBeGreaterThan(20);
  expect([...visible].filter(([, count]) => count > 1)).toEqual([]);
  const writes = new Map<string, number>();
  for (const { method, path, user, status, finishedAt } of await log()) {
    if (finishedAt < startedAt || status !== 200 || !isWriting({ method, path })) continue;
    const what = `${method} ${path} by ${user ?? "nobody"}`;
    writes.set(what, (writes.get(what) ?? 0) + 1);
  }
  expect(writes.size).toBeGreaterThan(80);
  expect([...writes].filter(([, count]) => count > 1)).toEqual([]);
});

it("has no session left when both accounts are logged out", async () => {
  const accounts = { old: accountOf("old"), new: accountOf("new") };
  for (const side of SIDES) expect(await botSessions(accounts[side])).toHaveLength(1);
  const answer = await move.ask("!logout");
  for (const side of SIDES) {
    expect(answer).toContain(`${accounts[side].userId}: my session is logged out`);
    expect(await botSessions(accounts[side])).toEqual([]);
    expect(await isSignedIn({ ...accounts[side], accessToken: lastToken(side) })).toBe(false);
  }
});

const noted = { old: 0, new: 0 };
/** Refresh tokens that were used. */
const used = new Set<string>();

/**
 * Takes note of the renewals since the last time, none of which used the same refresh token as
 * another. Only one whose end the bot did not live to see is made again; therefore each kill is
 * followed by this.
 * @returns all renewals so far
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
 * The old account's session has ended: each request under way finds that out by the same refresh
 * token, and that is all.
 */
function countVainRenewals(): void {
  const sent = newRefreshTokens("old");
  const vain = sent.filter((token) => token === sent.at(-1)).length;
  expect(new Set(sent).size).toBe(sent.length - vain + 1);
  expect(vain).toBeLessThanOrEqual(MAX_UNDER_WAY);
  countRenewals();
}

function newRefreshTokens(side: Side): string[] {
  const { requests } = oauth[side];
  const sent = requests.slice(noted[side]).flatMap(({ form }) => form["refresh_token"] ?? []);
  noted[side] = requests.length;
  return sent;
}

/** The server does everything at once, and its answers come later, those to writes one by one. */
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
 * makes the upload again, and nobody sees the first one. Here no kill meets an upload, so that each
 * is made once.
 */
function uploadsHeldUntil(until: Promise<unknown>): Rule {
  return ({ method, path }) =>
    method === "POST" && path === "/_matrix/media/v3/upload" ? { kind: "hold", until } : undefined;
}

/** What the two accounts asked of their servers. */
async function log(): Promise<AccessLogLine[]> {
  const logs = await Promise.all(SIDES.map((side) => move.pair[side].accessLog()));
  const owners = new Set([move.source.userId, move.target.userId]);
  return logs.flat().filter(({ user }) => user !== undefined && owners.has(user));
}

function isWriting({ method, path }: Pick<ProxiedRequest, "method" | "path">): boolean {
  return method !== "GET" && !path.endsWith("/sync");
}

/** Resolves when the bot writes something to an account, from now on. */
function nextWrite(side: Side): Promise<void> {
  const { requests } = proxies[side];
  const from = requests.length;
  return vi.waitFor(() => expect(requests.slice(from).some(isWriting)).toBe(true), {
    timeout: 30_000,
    interval: 50,
  });
}

function accountOf(side: Side): Account {
  const { source, target } = move.population;
  return { ...(side === "old" ? source : target), server: move.pair[side], deviceId: "" };
}

/** The access token that the bot used last for an account. */
function lastToken(side: Side): string {
  return proxies[side].requests.at(-1)?.headers.authorization?.replace("Bearer ", "") ?? "";
}

function localpartOf(userId: string): string {
  return parseUserId(userId)?.localpart ?? "";
}
