import { describe, expect, it } from "vitest";
import type { ContactRecords } from "../../../../../../src/model/contact.ts";
import { NOTHING_PLANNED } from "../../../../../../src/model/contact.ts";
import { planAnnouncement } from "../../../../../../src/platforms/matrix/contact/announce/plan.ts";
import type { RoomSnapshot } from "../../../../../../src/platforms/matrix/rooms/types.ts";
import type { AnnounceOrder } from "../../../../../../src/platforms/telling.ts";
import { contactTexts } from "../../../../../../src/view/contact/texts.ts";
import type { RoomSketch } from "../../../../../support/plans/planned-rooms.ts";
import {
  ADMIN,
  SOURCE,
  TARGET,
  account,
  plan,
  sketchRoom,
  targetRoom,
} from "../../../../../support/plans/planned-rooms.ts";

const ROOM = "!room:old.example";
const CHAT = "!chat:old.example";
const NOW = 1_700_000_000_000;
const DAY_MS = 24 * 3_600_000;
const NO_RECORDS: ContactRecords = {
  asked: [],
  chats: [],
  chatsToday: 0,
  announcedAt: new Map(),
  silentServers: new Set(),
};
const profile = { displayName: "Mo", avatarUrl: null, fields: new Map() };

interface Sketch {
  rooms?: readonly RoomSketch[];
  /** Rooms that the target is in. Default: all. */
  moved?: readonly RoomSnapshot[];
  records?: Partial<ContactRecords>;
  excluded?: readonly string[];
}

const bothRooms: readonly RoomSketch[] = [{ roomId: ROOM }, { roomId: CHAT }];

function proposed(
  { rooms = bothRooms, moved, records = {}, excluded = [] }: Sketch,
  order: Partial<AnnounceOrder> = {},
) {
  const snapshots = rooms.map(sketchRoom);
  const seenByTarget = moved ?? snapshots.map(({ roomId }) => targetRoom(roomId, "join"));
  const source = account(SOURCE, snapshots, { "m.direct": { [ADMIN]: [CHAT] } });
  const target = account(TARGET, seenByTarget);
  return planAnnouncement(
    {
      parties: { sourceUserId: SOURCE, targetUserId: TARGET, botUserIds: new Set() },
      readings: { source: { snapshot: source, profile }, target: { snapshot: target, profile } },
      decided: plan(snapshots, { source, target, botRoomIds: excluded }),
    },
    { rooms: [], which: "default", text: null, both: false, ...order },
    {
      ...{ records: { ...NO_RECORDS, ...records }, planned: NOTHING_PLANNED },
      ...{ texts: contactTexts, now: NOW, newChatsPerDay: 10 },
    },
  );
}

/** Room ID → by whom it is told, or why not. A room that the order is not about is left out. */
function reached(sketch: Sketch, order: Partial<AnnounceOrder> = {}): Record<string, string> {
  const { rooms, left } = proposed(sketch, order).facts;
  return Object.fromEntries([
    ...rooms.map(({ room, by }) => [room.roomId, by.join(" ")] as const),
    ...left.map(({ room, why }) => [room.roomId, why] as const),
  ]);
}

const one = (sketch: RoomSketch): Sketch => ({ rooms: [{ roomId: ROOM, ...sketch }] });
const ENCRYPTED = { "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" } };
const named = { rooms: [ROOM] };

describe("an announcement", () => {
  it.each<{ name: string; sketch?: Sketch; order?: Partial<AnnounceOrder>; expected: object }>([
    { name: "reaches direct chats and small rooms", expected: { [ROOM]: "source", [CHAT]: "source" } },
    {
      name: "reaches only direct chats if asked to",
      order: { which: "direct" },
      expected: { [CHAT]: "source" },
    },
    {
      name: "reaches only small rooms if asked to",
      order: { which: "small" },
      expected: { [ROOM]: "source" },
    },
    { name: "reaches only the rooms that are named", order: named, expected: { [ROOM]: "source" } },
    {
      name: "is made by both accounts if asked to",
      order: { both: true, ...named },
      expected: { [ROOM]: "source target" },
    },
    {
      name: "is not made by a new account that is not in a named room",
      sketch: { moved: [] },
      order: { both: true, ...named },
      expected: { [ROOM]: "source" },
    },
    { name: "reaches twenty members", sketch: one({ joinedCount: 20 }), expected: { [ROOM]: "source" } },
    {
      name: "does not reach rooms whose members cannot be counted",
      sketch: one({ joinedCount: null }),
      expected: { [ROOM]: "unreadable" },
    },
    { name: "does not reach more", sketch: one({ joinedCount: 21 }), expected: { [ROOM]: "too_large" } },
    {
      name: "reaches more in a room that is named",
      sketch: one({ joinedCount: 500 }),
      order: named,
      expected: { [ROOM]: "source" },
    },
    {
      name: "does not reach rooms that are not moved",
      sketch: { ...one({}), moved: [] },
      expected: { [ROOM]: "not_moved" },
    },
    {
      name: "reaches them if they are named",
      sketch: { ...one({}), moved: [] },
      order: named,
      expected: { [ROOM]: "source" },
    },
    {
      name: "never reaches an encrypted room",
      sketch: one({ state: ENCRYPTED }),
      order: named,
      expected: { [ROOM]: "encrypted" },
    },
    {
      name: "never reaches a room that its server does not show",
      sketch: one({ coverage: "partial" }),
      order: named,
      expected: { [ROOM]: "unreadable" },
    },
    {
      name: "does not reach a room in which the old account may not write",
      sketch: one({ levels: { events_default: 50, users: { [ADMIN]: 100 } } }),
      order: named,
      expected: { [ROOM]: "may_not_speak" },
    },
    {
      name: "does not reach a room that shuts out the old server",
      sketch: one({ state: { "m.room.server_acl": { allow: ["*"], deny: ["old.example"] } } }),
      order: named,
      expected: { [ROOM]: "may_not_speak" },
    },
    {
      name: "does not reach a room that was told within 14 days",
      sketch: { ...one({}), records: { announcedAt: new Map([[ROOM, NOW - 14 * DAY_MS + 1]]) } },
      expected: { [ROOM]: "told_recently" },
    },
    {
      name: "reaches it after 14 days",
      sketch: { ...one({}), records: { announcedAt: new Map([[ROOM, NOW - 14 * DAY_MS]]) } },
      expected: { [ROOM]: "source" },
    },
    {
      name: "reaches it earlier if it is named",
      sketch: { ...one({}), records: { announcedAt: new Map([[ROOM, NOW]]) } },
      order: named,
      expected: { [ROOM]: "source" },
    },
    { name: "is not about spaces", sketch: one({ create: { type: "m.space" } }), expected: {} },
    {
      name: "never reaches a space",
      sketch: one({ create: { type: "m.space" } }),
      order: named,
      expected: { [ROOM]: "space" },
    },
    {
      name: "never reaches a room that was replaced",
      sketch: one({ state: { "m.room.tombstone": { replacement_room: "!new:old.example" } } }),
      order: named,
      expected: { [ROOM]: "replaced" },
    },
    { name: "is not about invitations", sketch: one({ membership: "invite" }), expected: {} },
    {
      name: "never reaches a room that the old account is not in",
      sketch: one({ membership: "invite" }),
      order: named,
      expected: { [ROOM]: "not_in_room" },
    },
    { name: "is not about chats with the bot", sketch: { ...one({}), excluded: [ROOM] }, expected: {} },
    {
      name: "never reaches a chat with the bot",
      sketch: { ...one({}), excluded: [ROOM] },
      order: named,
      expected: { [ROOM]: "excluded" },
    },
    {
      name: "never reaches the notices of a server",
      sketch: one({ tags: ["m.server_notice"], creator: "@notices:old.example" }),
      order: named,
      expected: { [ROOM]: "server_notices" },
    },
  ])("$name", ({ sketch = {}, order, expected }) => {
    expect(reached(sketch, order)).toEqual(expected);
  });

  it("never reaches a chat that the bot opened", () => {
    const chat = { roomId: ROOM, partner: ADMIN, by: SOURCE, purpose: "ask", at: 1, state: "open" } as const;
    expect(reached({ ...one({}), records: { chats: [chat] } })).toEqual({});
  });

  it("is one message for each account and room, which mentions nobody", () => {
    const { steps, facts } = proposed(one({}), { both: true, text: "@room I am {new} now" });
    expect(facts.texts).toEqual([
      { by: "source", text: `@room I am ${TARGET} now` },
      { by: "target", text: `@room I am ${TARGET} now (${SOURCE})` },
    ]);
    expect(steps).toMatchObject(
      facts.texts.map(({ by, text }) => ({
        ...{ key: `announce:${by}:${ROOM}`, kind: "send_message", side: by, limits: ["messages"] },
        // The new account confirms what the old one has said.
        after: by === "source" ? null : `announce:source:${ROOM}`,
        payload: { roomId: ROOM, text, mentions: [], maxJoined: 20, purpose: { kind: "announce" } },
      })),
    );
  });

  it("has no limit on the members of a room that is named", () => {
    expect(proposed(one({}), named).steps).toMatchObject([{ payload: { maxJoined: null } }]);
  });

  it("is another one if its text, its rooms or its speakers differ, but not if counts or the order do", () => {
    const exact = (sketch: Sketch, order?: Partial<AnnounceOrder>) =>
      JSON.stringify(proposed(sketch, order).exact);
    const before = exact(one({ joinedCount: 3 }));
    expect(exact(one({ joinedCount: 4 }))).toBe(before);
    expect(exact({ rooms: bothRooms.toReversed() })).toBe(exact({}));
    expect(exact(one({}), { text: "Hi" })).not.toBe(before);
    expect(exact(one({}), { both: true })).not.toBe(before);
    expect(exact({})).not.toBe(before);
  });
});
