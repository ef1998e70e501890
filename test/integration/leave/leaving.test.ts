import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContactRecords } from "../../../src/model/contact.ts";
import { NOTHING_PLANNED } from "../../../src/model/contact.ts";
import { NO_FILTERS } from "../../../src/model/filters.ts";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
import type { GuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { LeaveFacts, LeaveOrder, Proposal } from "../../../src/platforms/contact.ts";
import { createMatrixPlatform } from "../../../src/platforms/matrix/platform.ts";
import type { AccountPair, Platform } from "../../../src/platforms/platform.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import { contactTexts } from "../../../src/view/contact/texts.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import { imageCopiesIn } from "../../support/fakes/image-copies.ts";
import { levelOf, membershipOf, stateEvent, until } from "../steps/run-steps.ts";
import type { ThreePeople } from "../steps/three-people.ts";
import { threePeople } from "../steps/three-people.ts";
import type { RoomName, Rooms } from "./rooms-to-leave.ts";
import { changeRooms, makeBackups, makeRoomsToLeave, nameOf } from "./rooms-to-leave.ts";

const OWNER = "@owner:old.localhost";
const BOT = "@bot:old.localhost";

interface Fixture {
  folder: string;
  pair: HomeserverPair;
  people: ThreePeople;
  store: Store;
  platform: Platform;
  accounts: AccountPair;
  rooms: Rooms;
  /** The requests of the bot, each as a method and a path without IDs. */
  requests: string[];
}
const fixture = {} as Fixture;
const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "leaving-"));
  const names = { old: "old.localhost", new: "new.localhost" };
  const pair = await startHomeserverPair({ folder: join(folder, "pair"), limits: "unlimited", names });
  const people = await threePeople(pair, guarded, "leaving");
  const store = openStore({ dataDir: join(folder, "data"), secretKey: Buffer.alloc(32, 1) });
  const requests: string[] = [];
  const platform = createMatrixPlatform({
    sessionStore: store.accounts,
    devices: { keys: store.deviceKeys, folder: join(folder, "devices") },
    fetch: counting(requests),
    servers: {},
    introduction: { clientName: "Matrix Mover", clientUri: "https://mover.example.org" },
    now: Date.now,
    monotonicNow: () => performance.now(),
    log: pino({ level: "silent" }),
  });
  const account = (side: "source" | "target", server: "old" | "new") => ({
    ...{ owner: OWNER, side, userId: people[side].userId, baseUrl: pair[server].baseUrl },
    ...{ method: "token" as const, deviceId: null, signedInAt: 1 },
  });
  const [source, target] = [account("source", "old"), account("target", "new")];
  await store.accounts.put(source, { accessToken: people.source.accessToken });
  await store.accounts.put(target, { accessToken: people.target.accessToken });
  const rooms = await makeRoomsToLeave(people, pair);
  await makeBackups(rooms, people, pair);
  const accounts = platform.pair({ source, target });
  Object.assign(fixture, { folder, pair, people, store, requests, platform, accounts, rooms });
});

afterAll(async () => {
  const { folder, pair, store, platform } = fixture;
  await platform.keys.stop();
  await store.close();
  await guarded.close();
  await pair.stop();
  await rm(folder, { recursive: true, force: true });
});

function counting(requests: string[]): GuardedFetch {
  const note = (url: string, method: string): void => {
    requests.push(`${method} ${decodeURIComponent(new URL(url).pathname)}`);
  };
  return Object.assign(
    async (...[url, request]: Parameters<GuardedFetch>) => {
      note(url, request?.method ?? "GET");
      return await guarded(url, request);
    },
    {
      stream: async (...[url, request]: Parameters<GuardedFetch["stream"]>) => {
        note(url, "GET");
        return await guarded.stream(url, request);
      },
      close: async () => undefined,
    },
  );
}

const NO_RECORDS: ContactRecords = {
  ...{ asked: [], chats: [], chatsToday: 0, givenNames: [] },
  announcedAt: new Map(),
  silentServers: new Set(),
};

async function planned(changes: Partial<LeaveOrder>): Promise<Proposal<LeaveFacts>> {
  const decision = await fixture.accounts.decide({
    filters: { ...NO_FILTERS, categories: null },
    ...{ words: [], imported: null, botUserId: BOT, botRoomIds: [], onProgress: () => undefined },
    knownRooms: async () => ({
      spokenIn: [],
      openedChats: [],
      givenNames: [],
      histories: new Map(),
      unusableKeys: null,
    }),
  });
  const order = { rooms: [], reason: null, withoutKeys: false, anyway: null, ...changes };
  const known = {
    ...{ records: NO_RECORDS, planned: NOTHING_PLANNED, texts: contactTexts },
    ...{ newChatsPerDay: 10, now: Date.now() },
  };
  return await decision.leave(order, known);
}

const named = (roomId: string): RoomName | undefined => nameOf(fixture.rooms, roomId);

/** The reasons of rooms that are kept, by the names of the rooms. */
function keptIn({ facts }: Proposal<LeaveFacts>): Record<string, string[]> {
  const kept = facts.kept.map(({ room, reasons }) => [named(room.roomId), reasons.map(({ code }) => code)]);
  return Object.fromEntries(kept) as Record<string, string[]>;
}

async function run(step: PlannedStep, records = NO_RECORDS): Promise<StepOutcome> {
  const taken = { id: 1, runId: 1, epoch: 1, attempts: 1, failures: 0, savedUndo: null };
  return await fixture.accounts.runStep(
    { ...step, ...taken },
    {
      canSkipCheck: true,
      saveUndo: async () => undefined,
      imageCopies: imageCopiesIn(),
      joinedRooms: async () => new Set(),
      room: async () => null,
      knockReason: "",
      records: async () => records,
      reserveChat: async () => {
        throw new Error("no chat is opened");
      },
      signal: new AbortController().signal,
      mayGoOn: () => true,
    },
  );
}

async function replacementOf(roomId: string): Promise<string> {
  const tombstone = await stateEvent(fixture.people.source, roomId, "m.room.tombstone", "");
  return String(tombstone?.content["replacement_room"]);
}

/** The tests depend on each other: each one continues with the rooms of the one before. */
describe("the old account", () => {
  let steps: readonly PlannedStep[] = [];
  let anyway: readonly PlannedStep[] = [];

  it("would leave the rooms in which the new one has taken its place", async () => {
    const { rooms } = fixture;
    const moved = await planned({});
    expect(keptIn(moved)).toEqual({
      "has less power, the other admin leaves": ["less_power"],
      "was created by the source": ["less_power"],
    });
    // The replacements of rooms are left too, and have no name here.
    const left = moved.facts.leaves.flatMap(({ room }) => named(room.roomId) ?? []);
    expect(left.toSorted()).toEqual(
      [
        "passes",
        "target leaves",
        "target is lowered",
        "everybody asked is here",
        "shuts out the new server",
        "shuts out the old server",
        "has all keys",
        "gets another key",
        "is replaced",
        "is replaced, target leaves",
      ].toSorted(),
    );
    expect(
      moved.facts.leaves.filter(({ isUnheard }) => isUnheard).map(({ room }) => named(room.roomId)),
    ).toEqual(["shuts out the old server"]);
    steps = moved.steps.filter(({ roomId }) => named(roomId ?? "") !== undefined);
    const roomIds = [
      rooms["has less power, the other admin leaves"],
      rooms["is not moved, the others leave"],
      rooms["was created by the source"],
    ];
    for (const roomId of roomIds) {
      const byName = await planned({ rooms: roomIds, anyway: roomId });
      expect(keptIn(byName)["is not moved, the others leave"]).toEqual(["not_moved"]);
      anyway = [...anyway, ...byName.steps];
    }
  });

  it("stays, in the moment of leaving, where something would be lost by then", async () => {
    const { rooms, people, pair, requests } = fixture;
    await changeRooms(rooms, replacementOf, people, pair);
    const { source, target } = people;
    await until(
      () => stateEvent(target, rooms["shuts out the new server"], "m.room.server_acl", ""),
      (event) => event !== null,
    );
    const asked = {
      ...{ roomId: rooms["everybody asked is here"], userId: people.admin.userId, at: Date.now() },
      ...({ way: "room", result: "sent", chatRoomId: null } as const),
    };
    const records = { ...NO_RECORDS, asked: [asked] };
    // Nobody has confirmed that the creator leaves.
    const unconfirmed = anyway.map((step) =>
      named(step.roomId ?? "") === "was created by the source"
        ? { ...step, payload: { ...(step.payload as object), accepted: [] } }
        : step,
    );
    const outcomes: Record<string, string> = {};
    const counts: Record<string, number> = {};
    for (const step of [...steps, ...unconfirmed]) {
      requests.length = 0;
      const outcome = await run(step, records);
      const name = `${step.kind === "drop_power" ? "power: " : ""}${named(step.roomId ?? "")}`;
      outcomes[name] = outcome.status === "failed" ? outcome.problem.code : outcome.status;
      counts[name] = requests.length;
    }
    expect(outcomes).toEqual({
      "power: passes": "done",
      passes: "done",
      "power: target leaves": "already_done",
      "target leaves": "not_moved",
      "power: target is lowered": "already_done",
      "target is lowered": "less_power",
      "power: everybody asked is here": "already_done",
      "everybody asked is here": "asked",
      "power: shuts out the new server": "already_done",
      "shuts out the new server": "less_power",
      "shuts out the old server": "done",
      "power: has all keys": "done",
      "has all keys": "done",
      "power: gets another key": "already_done",
      "gets another key": "keys_missing",
      "is replaced": "done",
      "is replaced, target leaves": "not_moved",
      "has less power, the other admin leaves": "last_admin",
      "is not moved, the others leave": "last_member",
      "was created by the source": "less_power",
    });
    const isLeft = (name: string): boolean => outcomes[name] === "done";
    for (const [name, roomId] of Object.entries(rooms))
      expect([name, await membershipOf(source, roomId, source.userId)]).toEqual([
        name,
        isLeft(name) ? "leave" : "join",
      ]);
    process.stdout.write(
      `requests: ${counts["passes"]} for a room, ${counts["has all keys"]} for an encrypted one, ` +
        `${counts["power: passes"]} to give power back\n`,
    );
  });

  it("has given back its power where it has left, and told the people why", async () => {
    const { rooms, people } = fixture;
    const { source, target } = people;
    const seen = await until(
      () => stateEvent(target, rooms.passes, "m.room.member", source.userId),
      (event) => event?.content.membership === "leave",
    );
    expect(seen?.content).toMatchObject({ membership: "leave", reason: `moved to ${target.userId}` });
    expect((await levelOf(target, rooms.passes, source.userId)).own).toBeUndefined();
    expect((await levelOf(target, rooms.passes, target.userId)).own).toBe(100);
    // The others do not hear of it there.
    const unheard = rooms["shuts out the old server"];
    expect(await membershipOf(target, unheard, source.userId)).toBe("join");
  });

  it("leaves nothing twice, and stays where the preview says so", async () => {
    const before = fixture.requests.length;
    const again: StepOutcome[] = [];
    // Nobody was asked any more, so one room is left now.
    for (const step of steps) again.push(await run(step));
    expect(fixture.requests.slice(before).filter((line) => line.endsWith("/leave"))).toHaveLength(1);
    expect(again.filter(({ status }) => status === "done")).toHaveLength(2);
    expect(keptIn(await planned({}))).toMatchObject({
      "target is lowered": ["less_power"],
      "shuts out the new server": ["less_power"],
      "gets another key": ["keys_missing"],
      "has less power, the other admin leaves": ["last_admin"],
      "was created by the source": ["less_power"],
    });
  });
});
