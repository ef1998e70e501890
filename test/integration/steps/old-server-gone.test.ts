import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FileAccount } from "../../../src/model/account.ts";
import { NO_FILTERS } from "../../../src/model/filters.ts";
import type { FileRoom, ImportedAccount } from "../../../src/model/room-file.ts";
import { roomAfterChange } from "../../../src/model/room-routes.ts";
import type { RunRoom } from "../../../src/model/run-room.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { anyAnswer } from "../../../src/platforms/matrix/api/any-answer.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { createMatrixPlatform } from "../../../src/platforms/matrix/platform.ts";
import type { Decision } from "../../../src/platforms/planning.ts";
import type { AccountPair, Platform } from "../../../src/platforms/platform.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import {
  changeMember,
  join as joinRoom,
  openPopulationSession,
  register,
} from "../../lab/population/session.ts";
import { writeProfile } from "../../lab/population/source-data.ts";
import { imageCopiesIn } from "../../support/fakes/image-copies.ts";
import { makeRoom, membershipOf } from "./run-steps.ts";

const OWNER = "@owner:new.localhost";
const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

interface Fixture {
  folder: string;
  pair: HomeserverPair;
  store: Store;
  platform: Platform;
  accounts: AccountPair;
  /** Of the server that lives on. */
  target: PopulationSession;
  friend: PopulationSession;
  imported: ImportedAccount;
}

type RoomName = "open" | "closed" | "knock" | "chat" | "lost";

const fixture = {} as Fixture;
const rooms = {} as Record<RoomName, string>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "old-server-gone-"));
  const names = { old: "old.localhost", new: "new.localhost" };
  const pair = await startHomeserverPair({ folder: join(folder, "pair"), limits: "unlimited", names });
  const open = async (side: "old" | "new", localpart: string): Promise<PopulationSession> =>
    openPopulationSession(
      pair[side],
      await register(pair[side], side, { localpart, displayName: localpart }),
      guarded,
    );
  const [source, target, friend] = await Promise.all([
    open("old", "source"),
    open("new", "target"),
    open("new", "friend"),
  ]);
  const { avatarUrl } = await writeProfile(source);
  for (const [name, rule] of [
    ["open", "public"],
    ["closed", "invite"],
    ["knock", "knock"],
    ["chat", "invite"],
    ["lost", "invite"],
  ] as const) {
    const roomId = await makeRoom(friend, { rule, level: 50 });
    await changeMember(friend, "invite", roomId, source.userId);
    await joinRoom(source, roomId, friend.serverName);
    rooms[name] = roomId;
  }
  // The new server has a copy of the picture from now on.
  const [serverName = "", mediaId = ""] = avatarUrl.slice("mxc://".length).split("/");
  const path = apiPath`/_matrix/client/v1/media/download/${serverName}/${mediaId}`;
  await friend.client.download({ path, maxBytes: 1_000_000 });
  await pair.old.stop();
  const store = openStore({ dataDir: join(folder, "data"), secretKey: Buffer.alloc(32, 1) });
  const platform = createMatrixPlatform({
    sessionStore: store.accounts,
    devices: { keys: store.deviceKeys, folder: join(folder, "devices") },
    fetch: guarded,
    servers: {},
    introduction: { clientName: "Matrix Mover", clientUri: "https://mover.example.org" },
    now: Date.now,
    monotonicNow: () => performance.now(),
    log: pino({ level: "silent" }),
  });
  const file: FileAccount = {
    ...{ owner: OWNER, side: "source", userId: source.userId, method: "file" },
    ...{ importedAt: 2, writtenAt: 1 },
  };
  const account = {
    ...{ owner: OWNER, side: "target" as const, userId: target.userId, baseUrl: pair.new.baseUrl },
    ...{ method: "token" as const, deviceId: null, signedInAt: 1 },
  };
  await store.accounts.put(account, { accessToken: target.accessToken });
  const helpers = [{ userId: friend.userId, displayName: "friend", power: 100 }];
  const found = (name: RoomName, more: Partial<FileRoom> = {}): FileRoom => ({
    ...{ roomId: rooms[name], membership: "join", name, alias: null, aliases: [], version: "11" },
    ...{ via: [source.serverName, friend.serverName], joinRule: null, allow: [], encrypted: false },
    ...{ direct: false, partner: null, tags: {}, power: 100, memberCount: 2, helpers },
    ...{ successor: null, link: null, ...more },
  });
  const imported: ImportedAccount = {
    ...{ userId: source.userId, importedAt: 2, writtenAt: 1, contacts: [] },
    rooms: [
      found("open", { tags: { "m.favourite": { order: 0.25 } } }),
      found("closed", { joinRule: "invite", tags: { "u.work": {} } }),
      found("knock"),
      found("chat", { joinRule: "invite", direct: true, partner: friend.userId }),
      found("lost", { joinRule: "invite", helpers: [] }),
    ],
    data: {
      accountData: {
        "m.ignored_user_list": { ignored_users: { "@spam:x.example": {} } },
        "m.secret_storage.default_key": { key: "secret" },
        "org.example.colour": { value: "blue" },
      },
      pushRules: {
        global: { content: [{ rule_id: "harvest", actions: ["notify"], pattern: "harvest" }] },
      },
      tags: {},
      profile: { displayname: "Me", avatar_url: avatarUrl },
      roomAccountData: { [rooms.closed]: { "org.example.note": { text: "mine" } } },
    },
  };
  const accounts = platform.pair({ source: file, target: account });
  Object.assign(fixture, { folder, pair, store, platform, accounts, target, friend, imported });
});

afterAll(async () => {
  const { folder, pair, store, platform } = fixture;
  await platform.keys.stop();
  await store.close();
  await guarded.close();
  await pair.stop();
  await rm(folder, { recursive: true, force: true });
});

function decide(imported = fixture.imported): Promise<Decision> {
  return fixture.accounts.decide({
    filters: { ...NO_FILTERS, categories: null },
    ...{ words: [], imported, botUserId: "@bot:new.localhost", botRoomIds: [] },
    onProgress: () => undefined,
    knownRooms: async () => ({
      ...{ spokenIn: [], openedChats: [], givenNames: [], histories: new Map(), unusableKeys: null },
    }),
  });
}

/** Every step of a plan, in its order, with what it came to. */
async function runAll(steps: readonly PlannedStep[]): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const step of steps.toSorted((left, right) => left.stage - right.stage)) {
    // The queue holds steps back until the account is in their room.
    const isHeld = step.needsRoom !== null && !(await isInside(step.needsRoom));
    const outcome = isHeld ? { status: "held back" } : await runOnce(step);
    outcomes[step.key] = "problem" in outcome ? `${outcome.status} ${outcome.problem?.code}` : outcome.status;
  }
  return outcomes;
}

function runOnce(step: PlannedStep): ReturnType<AccountPair["runStep"]> {
  const taken = { id: 1, runId: 1, epoch: 1, attempts: 1, failures: 0, savedUndo: null };
  return fixture.accounts.runStep(
    { ...step, ...taken, platform: "matrix" },
    {
      canSkipCheck: true,
      saveUndo: async () => undefined,
      imageCopies: imageCopiesIn(),
      joinedRooms: async () => new Set(await joinedRooms()),
      room: async () => null,
      knockReason: "It is me",
      records: () => Promise.reject(new Error("no step asks for records")),
      reserveChat: () => Promise.reject(new Error("no chat is opened")),
      signal: new AbortController().signal,
      mayGoOn: () => true,
    },
  );
}

async function isInside(roomId: string): Promise<boolean> {
  return (await membershipOf(fixture.target, roomId, fixture.target.userId)) === "join";
}

async function joinedRooms(): Promise<string[]> {
  const inside = await Promise.all(
    Object.values(rooms).map(async (id) => ((await isInside(id)) ? [id] : [])),
  );
  return inside.flat();
}

function routesOf({ plan }: Decision): Record<string, string> {
  return Object.fromEntries(plan.report.rooms.map(({ name, route, status }) => [name, `${route} ${status}`]));
}

/** The tests depend on each other: each one continues with the rooms of the one before. */
describe("an account whose server is gone for good", () => {
  let stored: readonly RunRoom[] = [];

  it("gets its settings, and into rooms that are open, with nothing but its file", async () => {
    const decision = await decide();
    expect(routesOf(decision)).toEqual({
      open: "join planned",
      closed: "ask_moderator needs_moderator",
      knock: "knock planned",
      chat: "ask_moderator needs_moderator",
      lost: "impossible skipped",
    });
    const plan = decision.wholePlan({ filters: { ...NO_FILTERS, categories: null } });
    stored = plan.rooms;
    expect(await runAll(plan.steps)).toEqual({
      "profile:displayname": "done",
      "profile:avatar_url": "done",
      [`join:${rooms.open}`]: "done",
      [`knock:${rooms.knock}`]: "needs_moderator",
      [`tags:${rooms.open}`]: "done",
      [`tags:${rooms.closed}`]: "held back",
      [`room_setting:${rooms.closed} org.example.note`]: "held back",
      direct_chats: "already_done",
      "account_data:org.example.colour": "done",
      push_rules: "done",
      ignored_users: "done",
    });
    expect((await decide()).plan.work.canBegin).toBe(false);
  });

  it("takes up every invitation, also to a room that looked impossible", async () => {
    const { friend, target, accounts } = fixture;
    const invited = [rooms.closed, rooms.knock, rooms.chat, rooms.lost];
    for (const roomId of invited) await changeMember(friend, "invite", roomId, target.userId);
    const { changes, sides } = await accounts.watch({
      rooms: stored.map((room) => (room.roomId === rooms.open ? { ...room, isJoined: true } : room)),
      ...{ chats: [], isJoined: () => false, readsRooms: 0 },
      asked: new Set(["source", "target"]),
      signal: new AbortController().signal,
    });
    expect(sides).toMatchObject({ source: { status: "not_asked" }, target: { status: "answered" } });
    for (const room of stored.filter(({ roomId }) => invited.includes(roomId))) {
      const change = changes.get(room.roomId);
      if (change === undefined) throw new Error(`${room.roomId} waits`);
      const opened = roomAfterChange(room, change, Date.now());
      const steps = fixture.platform.runs.stepsInto(opened, opened.route);
      expect(Object.values(await runAll(steps))).toEqual(["done"]);
    }
  });

  it("lists the chats and settings of these rooms, and then a plan has nothing left", async () => {
    const { steps } = (await decide()).wholePlan({ filters: { ...NO_FILTERS, categories: null } });
    expect(await runAll(steps)).toEqual({
      [`tags:${rooms.closed}`]: "done",
      [`room_setting:${rooms.closed} org.example.note`]: "done",
      direct_chats: "done",
    });
    const { plan, wholePlan } = await decide();
    expect(wholePlan({ filters: { ...NO_FILTERS, categories: null } }).steps).toEqual([]);
    expect(plan.work).toEqual({ canBegin: false, categories: [] });
    for (const { expected, present, missing } of plan.report.categories)
      expect({ present, missing }).toEqual({ present: expected, missing: [] });
    expect(plan.notMoved).toEqual([
      { category: "account_data", item: "m.secret_storage.default_key", code: "holds_keys" },
    ]);
  });

  it("tells of a picture that only the old server had", async () => {
    const { imported } = fixture;
    const { target } = fixture;
    const path = apiPath`/_matrix/client/v3/profile/${target.userId}/avatar_url`;
    const unset = { method: "PUT", path, body: { avatar_url: "" } } as const;
    await target.client.request({ ...unset, schema: anyAnswer });
    const profile = { avatar_url: `mxc://${imported.userId.replace(/^[^:]+:/u, "")}/neverSeen` };
    const data = imported.data && { ...imported.data, profile };
    const { plan } = await decide({ ...imported, data });
    expect(plan.notMoved).toContainEqual({ category: "profile", item: "avatar_url", code: "source_gone" });
    expect(plan.work.canBegin).toBe(false);
  });

  it("leaves at an undo what it may join again, and stays where a person let it in", async () => {
    const left = Object.values(rooms);
    const reasons = await fixture.accounts.stayReasons({ left, declined: [] });
    const { open: _open, ...kept } = rooms;
    expect(Object.fromEntries(reasons)).toEqual(
      Object.fromEntries(Object.values(kept).map((roomId) => [roomId, "needs_invitation"])),
    );
  });
});
