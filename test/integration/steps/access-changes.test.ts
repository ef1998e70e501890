import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Side } from "../../../src/model/account.ts";
import type { AccessChanges } from "../../../src/model/room-routes.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
import type { GuardedFetch, GuardedRequest } from "../../../src/network/guarded-fetch.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { HomeserverClient } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { lookForAccessChanges } from "../../../src/platforms/matrix/watch/look-for-access-changes.ts";
import type { WatchingAccount } from "../../../src/platforms/matrix/watch/watching-account.ts";
import type { LookResult, WatchedChat } from "../../../src/platforms/platform.ts";
import type { Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import { joinRules } from "../../lab/population/room-fixture.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import {
  changeMember,
  join as joinRoom,
  leave,
  openPopulationSession,
  register,
  setState,
} from "../../lab/population/session.ts";
import { PLAIN, SLIDING, lookAt, watched } from "../../support/fakes/watched-rooms.ts";
import { makeRoom, membershipOf, runStep, until } from "./run-steps.ts";
import type { ThreePeople } from "./three-people.ts";
import { threePeople } from "./three-people.ts";

/** What the tests of this file share. */
interface Fixture {
  folder: string;
  pair: HomeserverPair;
}

const fixture = {} as Fixture;
const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

beforeAll(async () => {
  fixture.folder = await mkdtemp(join(tmpdir(), "mover-access-"));
  const names = { old: "old.localhost", new: "new.localhost" };
  fixture.pair = await startHomeserverPair({
    folder: join(fixture.folder, "pair"),
    limits: "unlimited",
    names,
  });
});

afterAll(async () => {
  const { folder, pair } = fixture;
  await guarded.close();
  await pair.stop();
  await rm(folder, { recursive: true });
});

describe("a check for access changes", () => {
  const sent: { path: string; bytes: number }[] = [];
  let people: ThreePeople;
  /** By what happens in them. The source is in all rooms but the last. */
  let rooms: Readonly<Record<"invited" | "knocked" | "opened" | "waiting" | "banned" | "outside", string>>;

  beforeAll(async () => {
    people = await threePeople(fixture.pair, guarded, "watched");
    const { source, target, admin } = people;
    const make = async (rule: string): Promise<string> => {
      const roomId = await makeRoom(admin, { rule, level: 50 });
      await changeMember(admin, "invite", roomId, source.userId);
      await joinRoom(source, roomId, admin.serverName);
      return roomId;
    };
    rooms = {
      invited: await make("invite"),
      knocked: await make("knock"),
      opened: await make("invite"),
      waiting: await make("knock"),
      banned: await make("invite"),
      outside: await makeRoom(admin, { rule: "invite", level: 50 }),
    };
    const accounts = { source, target, entered: new Set<string>() };
    for (const roomId of [rooms.knocked, rooms.waiting]) {
      const payload = { roomId, via: [admin.serverName], reason: null };
      const ran = await runStep({ key: `knock:${roomId}`, kind: "knock", payload } as PlannedStep, accounts);
      expect(ran.outcome).toEqual({ status: "needs_moderator" });
      await until(
        () => membershipOf(source, roomId, target.userId),
        (seen) => seen === "knock",
      );
    }
    // An invitation to a room that is not watched.
    await changeMember(admin, "invite", await makeRoom(admin, { rule: "invite", level: 50 }), target.userId);
  });

  it.each([
    { method: "sliding sync", features: SLIDING },
    { method: "targeted reads", features: PLAIN },
  ])("finds nothing by $method while nobody does anything", async ({ method, features }) => {
    expect(await look(features)).toEqual(new Map());
    report(`${method}, nothing new`);
  });

  it("finds everything that people did in one check", async () => {
    const { admin, target } = people;
    for (const roomId of [rooms.invited, rooms.knocked, rooms.outside])
      await changeMember(admin, "invite", roomId, target.userId);
    await setState(admin, rooms.opened, joinRules("public"));
    await changeMember(admin, "ban", rooms.banned, target.userId);
    const facts = expect.anything();
    const signs = {
      [rooms.invited]: { kind: "open", route: "accept_invite", through: null, facts },
      [rooms.knocked]: { kind: "open", route: "accept_invite", through: null, facts },
      [rooms.opened]: { kind: "open", route: "join", through: null, facts },
      [rooms.banned]: { kind: "banned" },
      [rooms.outside]: { kind: "open", route: "accept_invite", through: null, facts },
    };
    expect(Object.fromEntries(await look(SLIDING))).toEqual(signs);
    expect(sent.map(({ path }) => path.slice(-5))).toEqual(["/sync", "/sync"]);
    report("sliding sync, five signs");
    // A server stores nothing about a check, so the next check has the same result.
    expect(Object.fromEntries(await look(SLIDING))).toEqual(signs);
    expect(Object.fromEntries(await look(PLAIN))).toEqual(signs);
    expect(sent).toHaveLength(4 * 5 + 1);
    report("targeted reads and a sync, five signs");
  });

  it("finds that the target has joined", async () => {
    const { target, admin } = people;
    await joinRoom(target, rooms.outside, admin.serverName);
    for (const features of [SLIDING, PLAIN])
      expect((await look(features)).get(rooms.outside)).toEqual({ kind: "joined" });
  });

  it("finds by the target alone that a knock was declined, if its server is in the room", async () => {
    const { admin, target } = people;
    const neighbour = openPopulationSession(
      fixture.pair.new,
      await register(fixture.pair.new, "new", { localpart: "neighbour", displayName: "neighbour" }),
      guarded,
    );
    await changeMember(admin, "invite", rooms.waiting, neighbour.userId);
    await joinRoom(neighbour, rooms.waiting, admin.serverName);
    const knocked = watched(rooms.waiting, { hasKnocked: true });
    const accounts = watching(SLIDING);
    const alone = async (): Promise<unknown> => {
      const account = { source: null, target: async () => accounts.target };
      const { changes } = await lookForAccessChanges(lookAt([knocked], accounts, { account }));
      return changes.get(rooms.waiting);
    };
    expect(await alone()).toBeUndefined();
    await changeMember(admin, "kick", rooms.waiting, target.userId);
    await expect.poll(alone).toMatchObject({ kind: "knock_ended" });
  });

  it("finds chats that their partners have declined or left", async () => {
    const { source, target, admin } = people;
    const chats: WatchedChat[] = [];
    for (const [side, opener] of [["source", source] as const, ["target", target] as const]) {
      const roomId = await makeRoom(opener, { rule: "invite", level: 50 });
      await changeMember(opener, "invite", roomId, admin.userId);
      chats.push({ roomId, partner: admin.userId, side });
    }
    const methods = [SLIDING, PLAIN];
    for (const features of methods) expect((await lookAgain(features, chats)).leftChats).toEqual([]);
    const [asked, opened] = chats;
    if (asked === undefined || opened === undefined) throw new Error("a chat is missing");
    await joinRoom(admin, asked.roomId, source.serverName);
    for (const features of methods) expect((await lookAgain(features, chats)).leftChats).toEqual([]);
    // One is left after the join, and the invitation to the other one is declined.
    for (const { roomId } of chats) await leave(admin, roomId);
    await until(
      () => membershipOf(target, opened.roomId, admin.userId),
      (seen) => seen === "leave",
    );
    for (const features of methods)
      expect((await lookAgain(features, chats)).leftChats).toEqual([asked.roomId, opened.roomId]);
    expect(sent.filter(({ path }) => path.includes(encodeURIComponent(asked.roomId)))).toHaveLength(1);
  });

  async function look(features: WatchingAccount["features"]): Promise<AccessChanges> {
    return (await lookAgain(features)).changes;
  }

  async function lookAgain(
    features: WatchingAccount["features"],
    chats: readonly WatchedChat[] = [],
  ): Promise<LookResult> {
    sent.length = 0;
    const { outside, ...inside } = rooms;
    const result = await lookForAccessChanges(
      lookAt(
        [
          ...Object.values(inside).map((roomId) => watched(roomId)),
          watched(outside, { isSourceJoined: false }),
        ],
        watching(features),
        { chats, random: Math.random },
      ),
    );
    expect(result.sides).toEqual({ source: { status: "answered" }, target: { status: "answered" } });
    return result;
  }

  function watching(features: WatchingAccount["features"]): Readonly<Record<Side, WatchingAccount>> {
    const { source, target } = people;
    return {
      source: { client: metered(fixture.pair.old, source), userId: source.userId, features },
      target: { client: metered(fixture.pair.new, target), userId: target.userId, features },
    };
  }

  function metered({ baseUrl }: Homeserver, { accessToken }: PopulationSession): HomeserverClient {
    const fetch: GuardedFetch = Object.assign(
      async (url: string, options?: GuardedRequest) => {
        const answer = await guarded(url, options);
        sent.push({ path: new URL(url).pathname, bytes: answer.body.length });
        return answer;
      },
      { stream: guarded.stream, close: async () => {} },
    );
    return new HomeserverClient({
      baseUrl,
      fetch,
      log: pino({ level: "silent" }),
      accessToken: () => accessToken,
    });
  }

  function report(what: string): void {
    const bytes = sent.reduce((sum, request) => sum + request.bytes, 0);
    process.stdout.write(`look at six rooms by ${what}: ${sent.length} requests, ${bytes} bytes\n`);
  }
});
