import { describe, expect, it } from "vitest";
import type { AskRecord } from "../../../../../src/model/contact.ts";
import type { KeptInRoomReason } from "../../../../../src/platforms/contact.ts";
import type { SeenRoom } from "../../../../../src/platforms/matrix/leave/guards.ts";
import {
  accessReason,
  askedReason,
  isAccepted,
  isPowerGivenBack,
  keysReason,
} from "../../../../../src/platforms/matrix/leave/guards.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import { byTarget, bySource } from "./seen-rooms.ts";

const ACCOUNTS = { sourceUserId: SOURCE, targetUserId: TARGET };
const BOTH = { users: { [SOURCE]: 100, [TARGET]: 100 } };
const LESS = { users: { [SOURCE]: 100, [TARGET]: 50 } };
const OLD_SHUT_OUT = { "m.room.server_acl": { allow: ["*"], deny: ["old.example"] } };
const NEW_SHUT_OUT = { "m.room.server_acl": { allow: ["*"], deny: ["new.example"] } };
const ROOM = "!room:old.example";
const REPLACEMENT = "!newer:old.example";

function seen({ source = {}, target = {} }: { source?: RoomSketch; target?: RoomSketch | null }): SeenRoom {
  return {
    bySource: bySource({ target: "join", ...source }),
    byTarget: target === null ? undefined : byTarget({ ...source, target: "join", ...target }),
  };
}

const ACCESS: { name: string; room: SeenRoom; reason: KeptInRoomReason | null }[] = [
  { name: "both have joined, and nobody has power", room: seen({}), reason: null },
  { name: "both have the same power", room: seen({ source: { levels: BOTH } }), reason: null },
  {
    name: "the new account has more power",
    room: seen({ source: { levels: { users: { [SOURCE]: 50, [TARGET]: 100 } } } }),
    reason: null,
  },
  {
    name: "the new account's server does not know the room",
    room: seen({ target: null }),
    reason: { code: "not_moved" },
  },
  {
    name: "only the old server shows the new account in it",
    room: seen({ source: { target: "join" }, target: { target: "leave" } }),
    reason: { code: "not_moved" },
  },
  {
    name: "the new account is invited",
    room: seen({ target: { target: "invite" } }),
    reason: { code: "not_moved" },
  },
  {
    name: "the room has banned the new account, and its server has not heard of it",
    room: seen({ source: { target: "ban" } }),
    reason: { code: "not_moved" },
  },
  {
    name: "the new account has less power",
    room: seen({ source: { levels: LESS } }),
    reason: { code: "less_power", source: 100, target: 50 },
  },
  {
    name: "only the old server shows that the new account has less",
    room: seen({ source: { levels: LESS }, target: { levels: BOTH } }),
    reason: { code: "less_power", source: 100, target: 50 },
  },
  {
    name: "only the new server shows that the new account has less",
    room: seen({ source: { levels: BOTH }, target: { levels: LESS } }),
    reason: { code: "less_power", source: 100, target: 50 },
  },
  {
    name: "the old account has created a room of version 12",
    room: seen({ source: { version: "12", creator: SOURCE, levels: { users: { [TARGET]: 150 } } } }),
    reason: { code: "less_power", source: "creator", target: 150 },
  },
  {
    name: "both have created a room of version 12",
    room: seen({ source: { version: "12", creator: SOURCE, create: { additional_creators: [TARGET] } } }),
    reason: null,
  },
  {
    name: "nobody knows who has created a room of version 12",
    room: seen({ source: { version: null } }),
    reason: { code: "unreadable" },
  },
  {
    name: "the rules of the room's version are unknown",
    room: seen({ source: { version: "99" } }),
    reason: { code: "unreadable" },
  },
  {
    name: "levels cannot be read",
    room: seen({ source: { levels: { users: { [SOURCE]: "many" } } } }),
    reason: { code: "unreadable" },
  },
  {
    name: "the list of shut out servers is damaged",
    room: seen({ target: { state: { "m.room.server_acl": [] } } }),
    reason: { code: "unreadable" },
  },
  {
    name: "the room shuts out the old server, so its power counts as none",
    room: seen({ source: { levels: LESS }, target: { state: OLD_SHUT_OUT } }),
    reason: null,
  },
  {
    name: "the room shuts out the new server, so its power counts as none",
    room: seen({ source: { levels: BOTH }, target: { state: NEW_SHUT_OUT } }),
    reason: { code: "less_power", source: 100, target: null },
  },
  {
    name: "the new account is in the replacement, with the same power there",
    room: seen({ source: { levels: LESS }, target: { roomId: REPLACEMENT, levels: BOTH } }),
    reason: null,
  },
  {
    name: "the new account is in the replacement, with less power there",
    room: seen({ source: { levels: BOTH }, target: { roomId: REPLACEMENT, levels: LESS } }),
    reason: { code: "less_power", source: 100, target: 50 },
  },
];

const GIVEN_BACK: { name: string; room: SeenRoom; isGivenBack: boolean }[] = [
  { name: "both have 100", room: seen({ source: { levels: BOTH } }), isGivenBack: true },
  {
    name: "it has no entry",
    room: seen({ source: { levels: { users: { [TARGET]: 100 } } } }),
    isGivenBack: false,
  },
  { name: "the new account has less", room: seen({ source: { levels: LESS } }), isGivenBack: false },
  {
    name: "it may not change levels",
    room: seen({ source: { levels: { users: { [SOURCE]: 50, [TARGET]: 50 }, state_default: 75 } } }),
    isGivenBack: false,
  },
  {
    name: "without the entry it would have more",
    room: seen({
      source: {
        levels: { users: { [SOURCE]: 50, [TARGET]: 100 }, users_default: 60, state_default: 0 },
      },
    }),
    isGivenBack: false,
  },
  {
    name: "without the entry it has the same",
    room: seen({
      source: { levels: { users: { [SOURCE]: 50, [TARGET]: 50 }, users_default: 50 } },
    }),
    isGivenBack: true,
  },
  {
    name: "it has created a room of version 12",
    room: seen({
      source: { version: "12", creator: SOURCE, levels: { users: { [TARGET]: 100 } } },
    }),
    isGivenBack: false,
  },
  {
    name: "the room shuts out its server",
    room: seen({ source: { levels: BOTH, state: OLD_SHUT_OUT } }),
    isGivenBack: false,
  },
  {
    name: "the room is replaced",
    room: seen({ source: { levels: BOTH }, target: { roomId: REPLACEMENT } }),
    isGivenBack: false,
  },
];

const DAY_MS = 86_400_000;
const NOW = 100 * DAY_MS;

function asked(changes: Partial<AskRecord>): AskRecord {
  const record = { roomId: ROOM, userId: ADMIN, at: NOW - DAY_MS, way: "direct", result: "sent" } as const;
  return { ...record, chatRoomId: null, ...changes };
}

const QUESTIONS: { name: string; record: AskRecord; keeps: boolean }[] = [
  { name: "about the room, yesterday", record: asked({}), keeps: true },
  { name: "about the replacement", record: asked({ roomId: REPLACEMENT }), keeps: true },
  {
    name: "sent in the room about another one",
    record: asked({ roomId: "!other", chatRoomId: ROOM }),
    keeps: true,
  },
  { name: "that was declined", record: asked({ result: "declined" }), keeps: true },
  { name: "two weeks ago", record: asked({ at: NOW - 14 * DAY_MS }), keeps: false },
  { name: "that did not reach the person", record: asked({ result: "refused" }), keeps: false },
  { name: "about another room", record: asked({ roomId: "!other" }), keeps: false },
];

describe("the old account", () => {
  it.each(ACCESS)("stays or leaves where $name", ({ room, reason }) => {
    expect(accessReason(room, ACCOUNTS)).toEqual(reason);
  });

  it.each(GIVEN_BACK)("gives its power back or not where $name", ({ room, isGivenBack }) => {
    expect(isPowerGivenBack(room, ACCOUNTS)).toBe(isGivenBack);
  });

  it.each(QUESTIONS)("stays after a question $name: $keeps", ({ record, keeps }) => {
    const reason = askedReason([record], [ROOM, REPLACEMENT], NOW);
    expect(reason).toEqual(keeps ? { code: "asked", at: record.at } : null);
  });

  it.each([
    { name: "the room is not encrypted", isEncrypted: false, keys: null, missing: undefined },
    { name: "nothing is known of the keys", isEncrypted: true, keys: null, missing: null },
    {
      name: "the old backup has none",
      isEncrypted: true,
      keys: { expected: 0, present: 0, unusable: 0 },
      missing: null,
    },
    {
      name: "all keys were copied",
      isEncrypted: true,
      keys: { expected: 5, present: 5, unusable: 0 },
      missing: undefined,
    },
    {
      name: "only unusable keys are missing",
      isEncrypted: true,
      keys: { expected: 5, present: 3, unusable: 2 },
      missing: undefined,
    },
    {
      name: "keys are missing",
      isEncrypted: true,
      keys: { expected: 5, present: 2, unusable: 1 },
      missing: 2,
    },
  ])("stays or leaves where $name", ({ isEncrypted, keys, missing }) => {
    expect(keysReason(isEncrypted, keys)).toEqual(
      missing === undefined ? null : { code: "keys_missing", missing },
    );
  });

  it("leaves for a reason that was confirmed, or for a lesser one, and for no other", () => {
    expect(isAccepted("less_power", ["less_power"])).toBe(true);
    expect(isAccepted("less_power", ["last_admin"])).toBe(true);
    expect(isAccepted("last_admin", ["less_power"])).toBe(false);
    expect(isAccepted("keys_missing", ["not_moved", "alone"])).toBe(false);
  });
});
