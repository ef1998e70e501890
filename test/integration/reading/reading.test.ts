import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MembersNeeded } from "../../../src/platforms/matrix/planning/people.ts";
import { planRooms } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { AccountReading, ReadingMethod } from "../../../src/platforms/matrix/reading/account-reading.ts";
import { withNeededMembers } from "../../../src/platforms/matrix/reading/members.ts";
import { withOtherMembers } from "../../../src/platforms/matrix/reading/other-member.ts";
import { readOutsideRoom } from "../../../src/platforms/matrix/reading/outside-room.ts";
import { readAccount } from "../../../src/platforms/matrix/reading/read-account.ts";
import type { AccountSnapshot, RoomSnapshot } from "../../../src/platforms/matrix/rooms/types.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { MeteredReader } from "./meter.ts";
import { meteredReader } from "./meter.ts";
import type { Actor, Population } from "./population.ts";
import { actor, populate } from "./population.ts";

const WITH_SLIDING_SYNC = { unstableFeatures: { "org.matrix.simplified_msc3575": true } };
const WITHOUT = { unstableFeatures: {} };

/** What the tests of this file share. */
interface Fixture {
  folder: string;
  pair: HomeserverPair;
  people: Population;
}

const fixture = {} as Fixture;
const open: MeteredReader[] = [];

beforeAll(async () => {
  fixture.folder = await mkdtemp(join(tmpdir(), "mover-reading-"));
  fixture.pair = await startHomeserverPair({ folder: join(fixture.folder, "pair"), limits: "unlimited" });
  fixture.people = await populate(fixture.pair);
});

afterAll(async () => {
  const { folder, pair } = fixture;
  await Promise.all(open.map(async ({ close }) => await close()));
  await pair.stop();
  await rm(folder, { recursive: true });
});

function metered(who: Actor, options: { isSyncWhole?: boolean } = {}): MeteredReader {
  const made = meteredReader(who, options);
  open.push(made);
  return made;
}

async function read(
  how: ReadingMethod,
  who: Actor,
  other: Actor,
  window?: number,
): Promise<AccountReading & Pick<MeteredReader, "sent">> {
  // The reader uses the third method if a sync with the rooms' state fails. A sync without state
  // still works.
  const { reader, sent } = metered(who, { isSyncWhole: how !== "per_room" });
  const reading = await readAccount(reader, {
    userId: who.userId,
    otherUserId: other.userId,
    features: how === "sliding_sync" ? WITH_SLIDING_SYNC : WITHOUT,
    ...(window === undefined ? {} : { window }),
  });
  expect(reading.method).toBe(how);
  expect(reading.requests).toBe(sent.length);
  return { ...reading, sent };
}

/**
 * The part of a snapshot that all methods return alike. Other members are read separately, heroes
 * differ between Synapse's two sync methods, and only sliding sync has positions.
 */
function comparable(snapshot: AccountSnapshot): unknown {
  const rooms = [...snapshot.rooms.values()].map((room: RoomSnapshot) => {
    const { members: _members, heroes: _heroes, membershipPosition: _position, ...rest } = room;
    const sorted = { tags: room.tags.toSorted(), spaceChildren: room.spaceChildren.toSorted() };
    // Left and banned rooms are only listed. Their content is not used, and not all methods return
    // it.
    const isPast = room.membership === "leave" || room.membership === "ban";
    return [room.roomId, isPast ? room.membership : { ...rest, ...sorted }] as const;
  });
  return { ...snapshot, rooms: new Map(rooms.toSorted(([left], [right]) => (left < right ? -1 : 1))) };
}

function kindsOf(snapshot: AccountSnapshot, membership: string): string[] {
  const kinds = Object.entries(fixture.people.rooms).filter(
    ([, roomId]) => snapshot.rooms.get(roomId)?.membership === membership,
  );
  return kinds.map(([kind]) => kind).toSorted();
}

describe("readAccount", () => {
  it("reads every kind of room in one sliding-sync request, and five requests in all", async () => {
    const { people } = fixture;
    const { snapshot, sent } = await read("sliding_sync", people.old, people.target);
    expect(sent.map(({ path }) => path.replace("/_matrix/client/", ""))).toEqual([
      "v3/capabilities",
      expect.stringMatching(/^v3\/profile\//),
      "v3/pushrules/",
      "unstable/org.matrix.simplified_msc3575/sync",
      "v3/joined_rooms",
    ]);
    expect(kindsOf(snapshot, "invite")).toEqual(["invited", "invitedRemote"]);
    expect(kindsOf(snapshot, "knock")).toEqual(["knocked"]);
    expect(kindsOf(snapshot, "ban")).toEqual(["banned"]);
    expect(kindsOf(snapshot, "leave")).toEqual(["kicked"]);
    expect(kindsOf(snapshot, "join")).toHaveLength(16);
    expect(snapshot.rooms.has(people.rooms.left)).toBe(false);
  });

  it("reads the same by sliding sync in windows of four", async () => {
    const { people } = fixture;
    const whole = await read("sliding_sync", people.old, people.target);
    const windows = await read("sliding_sync", people.old, people.target, 4);
    expect(comparable(windows.snapshot)).toEqual(comparable(whole.snapshot));
    expect(windows.roomTags).toEqual(whole.roomTags);
    expect(windows.roomAccountData).toEqual(whole.roomAccountData);
    expect(windows.requests).toBe(4 + Math.ceil(whole.snapshot.rooms.size / 4));
  });

  it("reads the same by all three methods", async () => {
    const { people } = fixture;
    const { old, target } = people;
    const best = await read("sliding_sync", old, target);
    const other = (await read("sliding_sync", target, old)).snapshot;
    for (const how of ["sync", "per_room"] as const) {
      const reading = await read(how, old, target);
      const { reader, sent } = metered(old);
      const filled = await withOtherMembers(reader, reading.snapshot, other);
      const same = await withOtherMembers(reader, best.snapshot, other);
      expect(same).toBe(best.snapshot);
      // If the target's own server reports the room, its members are not requested.
      const { withTarget, targetInvited } = people.rooms;
      const asked = sent.map(({ path }) => decodeURIComponent(path));
      expect(asked.some((path) => path.includes(withTarget) || path.includes(targetInvited))).toBe(false);
      // There are 16 joined rooms. The one that the target is banned from needs no request: nobody
      // else was ever in it, so the banned user is a hero.
      if (how === "sync") expect(asked).toHaveLength(13);
      const rooms = new Map(filled.rooms);
      for (const roomId of [withTarget, targetInvited]) {
        const room = filled.rooms.get(roomId);
        const otherMember = best.snapshot.rooms.get(roomId)?.otherMember;
        if (room !== undefined && otherMember !== undefined) rooms.set(roomId, { ...room, otherMember });
      }
      expect(comparable({ ...filled, rooms }), how).toEqual(comparable(best.snapshot));
      expect(reading.roomTags, how).toEqual(best.roomTags);
      expect(reading.roomAccountData, how).toEqual(best.roomAccountData);
      expect(reading.roomProfiles, how).toEqual(best.roomProfiles);
      expect(reading.gaps).toEqual([]);
      expect(reading.requests).toBe(how === "sync" ? 5 : 22);
      expect(reading.unreadableRoomIds).toEqual([]);
    }
  });

  it("returns the data that the other categories move", async () => {
    const { old, target, friend, rooms } = fixture.people;
    const reading = await read("sliding_sync", old, target);
    expect(reading.roomTags.get(rooms.tagged)).toEqual([
      { name: "m.favourite", order: 0.25 },
      { name: "u.work", order: null },
    ]);
    expect(reading.snapshot.rooms.get(rooms.tagged)?.tags).toEqual(["m.favourite", "u.work"]);
    expect(reading.roomAccountData.get(rooms.tagged)?.get("m.marked_unread")).toEqual({ unread: true });
    expect(reading.roomProfiles.get(rooms.tagged)).toEqual({
      displayName: "Me here",
      avatarUrl: "mxc://a/b",
    });
    expect(reading.snapshot.accountData.get("m.direct")).toEqual({ [friend.userId]: [rooms.dm] });
    expect(reading.snapshot.accountData.get("org.example.custom")).toEqual({ deep: { list: [1, null] } });
    expect(reading.profile.displayName).toBe("old");
    expect(Object.keys(reading.pushRules)).toEqual(
      expect.arrayContaining(["override", "content", "room", "sender", "underride"]),
    );
    expect(reading.snapshot.roomVersions).toContain("12");
  });

  it("requests no history and nothing that belongs to the user's own client", async () => {
    const { people } = fixture;
    for (const how of ["sliding_sync", "sync", "per_room"] as const) {
      const { sent } = await read(how, people.old, people.target);
      for (const { method, path, query, body } of sent) {
        expect(query.has("since")).toBe(false);
        expect(body).not.toMatch(/to_device|e2ee/);
        expect(method === "GET" || path.endsWith("simplified_msc3575/sync")).toBe(true);
        if (path.endsWith("v3/sync")) expect(query.get("set_presence")).toBe("offline");
      }
    }
  });

  it("leaves room keys to the user's own client", async () => {
    const { old, friend, target } = fixture.people;
    const content = { messages: { [old.userId]: { "*": { hello: "device" } } } };
    await friend.call("PUT", `/v3/sendToDevice/org.example.key/1`, content);
    for (const how of ["sliding_sync", "sync", "per_room"] as const) await read(how, old, target, 4);
    expect(JSON.stringify(await old.call("GET", "/v3/sync?timeout=0"))).toContain("org.example.key");
  });

  it("makes the same plan with all three methods, after the second pass", async () => {
    const { old, target } = fixture.people;
    const seen = (await read("sliding_sync", target, old)).snapshot;
    const plans = [];
    for (const how of ["sliding_sync", "sync", "per_room"] as const) {
      const { snapshot } = await read(how, old, target);
      const { reader } = metered(old);
      const first = await withOtherMembers(reader, snapshot, seen);
      const { membersNeeded } = planRooms({ source: first, target: seen });
      const features = how === "sliding_sync" ? WITH_SLIDING_SYNC : WITHOUT;
      const source = await withNeededMembers(reader, { snapshot: first, needs: membersNeeded, features });
      const { rooms } = planRooms({ source, target: seen, areMembersRead: true });
      // A sync may show other members who are on the target's server. That improves an estimate and
      // changes no route.
      const compared = rooms.map(({ isNewToServer: _, via, ...room }) => ({ ...room, via: via.toSorted() }));
      plans.push(compared.toSorted((left, right) => (left.roomId < right.roomId ? -1 : 1)));
    }
    expect(plans[1]).toEqual(plans[0]);
    expect(plans[2]).toEqual(plans[0]);
  });
});

describe("withNeededMembers", () => {
  it("reads named members of many rooms in one request", async () => {
    const { old, friend, target, rooms } = fixture.people;
    const { snapshot } = await read("sliding_sync", old, target);
    const userIds = [friend.userId, "@nobody:example.org"];
    const kinds = [rooms.withTarget, rooms.knockable, rooms.dm, rooms.plain];
    const needs = kinds.map((roomId): MembersNeeded => ({
      roomId,
      userIds,
      isAnyoneNeeded: false,
      purpose: "route",
    }));
    const results: AccountSnapshot[] = [];
    for (const [features, requests] of [
      [WITH_SLIDING_SYNC, 1],
      [WITHOUT, 4],
    ] as const) {
      const { reader, sent } = metered(old);
      results.push(await withNeededMembers(reader, { snapshot, needs, features }));
      expect(sent).toHaveLength(requests);
    }
    expect(results[0]).toEqual(results[1]);
    const members = results[0]?.rooms.get(rooms.dm)?.members;
    expect(members?.get(friend.userId)).toEqual({
      membership: "join",
      displayName: "friend",
      lastActiveAt: null,
    });
    expect(members?.get("@nobody:example.org")?.membership).toBe("leave");
    expect(results[0]?.rooms.get(rooms.plain)?.members.get(friend.userId)?.membership).toBe("leave");
  });

  it("finds some joined members if any member will do", async () => {
    const { old, friend, target, rooms } = fixture.people;
    const { snapshot } = await read("sliding_sync", old, target);
    const room = snapshot.rooms.get(rooms.manyMembers);
    if (room === undefined) throw new Error("the room is missing");
    const need: MembersNeeded = {
      roomId: rooms.manyMembers,
      userIds: [],
      isAnyoneNeeded: true,
      purpose: "route",
    };
    for (const joinedCount of [room.joinedCount, 50_000]) {
      const seen = { ...snapshot, rooms: new Map([[rooms.manyMembers, { ...room, joinedCount }]]) };
      const { reader, sent } = metered(old);
      const found = await withNeededMembers(reader, {
        snapshot: seen,
        needs: [need],
        features: WITH_SLIDING_SYNC,
      });
      expect(found.rooms.get(rooms.manyMembers)?.members.get(friend.userId)?.membership).toBe("join");
      expect(sent.map(({ path }) => path.split("/").at(-1))).toEqual([
        joinedCount === 50_000 ? "messages" : "joined_members",
      ]);
    }
  });
});

describe("readOutsideRoom", () => {
  it("shows a public room of another server, and nothing of a private one", async () => {
    const { pair, people } = fixture;
    const { old, target } = people;
    const far = await actor(pair.new, "far");
    const [open, closed] = [
      await far.createRoom({ name: "Open", preset: "public_chat" }),
      await far.createRoom({ name: "Closed" }),
    ];
    const { snapshot } = await read("sliding_sync", old, target);
    const { reader } = metered(old);
    const via = [pair.new.serverName];
    const shown = await readOutsideRoom(reader, { roomId: open, via }, snapshot, target.userId);
    expect(shown).toMatchObject({
      membership: null,
      joinRules: { kind: "present", value: { joinRule: "public" } },
    });
    expect(await readOutsideRoom(reader, { roomId: closed, via }, snapshot, target.userId)).toBeNull();
    expect(await readOutsideRoom(reader, { roomId: open, via: [] }, snapshot, target.userId)).toBeNull();
  });
});
