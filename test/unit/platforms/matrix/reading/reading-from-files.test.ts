import { describe, expect, it } from "vitest";
import type { FileAccountData, FileRoom } from "../../../../../src/model/room-file.ts";
import {
  compareContents,
  planContentSteps,
} from "../../../../../src/platforms/matrix/categories/registry.ts";
import { readingFromFiles } from "../../../../../src/platforms/matrix/reading/reading-from-files.ts";
import { NEW, newAccount, OLD, roomIdOnTarget } from "../categories/contents-sketch.ts";

const FRIEND = "@friend:live.example";

function room(roomId: string, changes: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId, membership: "join", name: null, alias: null, aliases: [], via: [], version: null },
    ...{ joinRule: null, allow: [], encrypted: null, direct: null, partner: null, tags: {}, power: null },
    ...{ memberCount: null, helpers: [], successor: null, link: null },
    ...changes,
  };
}

const NO_DATA: FileAccountData = {
  ...{ accountData: {}, pushRules: {}, tags: {}, profile: {}, roomAccountData: {} },
};

function reading(rooms: readonly FileRoom[], data: Partial<FileAccountData> | null = null) {
  const imported = { userId: OLD, importedAt: 2, writtenAt: 1, rooms, contacts: [] };
  const parties = { targetUserId: NEW, botUserIds: [], deadServers: new Set<string>() };
  return readingFromFiles({ ...imported, data: data && { ...NO_DATA, ...data } }, parties);
}

/** What is compared, by category, as what is missing and what is not moved. */
function compared(source: ReturnType<typeof reading>) {
  const { categories, notMoved } = compareContents(source, newAccount(), roomIdOnTarget);
  return {
    missing: Object.fromEntries(
      categories.filter(({ missing }) => missing.length > 0).map(({ name, missing }) => [name, missing]),
    ),
    notMoved: notMoved.map(({ category, item, code }) => `${category} ${item}: ${code}`),
    isWhole: categories.every(({ expected, present, missing }) => expected === present + missing.length),
  };
}

describe("files in place of an old account", () => {
  it("have tags in both files, and their orders", () => {
    const source = reading([room("!a", { tags: { "m.favourite": { order: 0.25 }, "u.work": {} } })], {
      tags: { "!a": { "m.lowpriority": { order: "0.5" } }, "!b": { "m.favourite": {} } },
    });
    expect(Object.fromEntries(source.roomTags)).toEqual({
      "!a": [
        { name: "m.favourite", order: 0.25 },
        { name: "u.work", order: null },
        { name: "m.lowpriority", order: 0.5 },
      ],
      "!b": [{ name: "m.favourite", order: null }],
    });
  });

  it("name direct chats in both files, each once", () => {
    const rooms = [room("!listed", { partner: "@other:x.example" }), room("!only", { partner: FRIEND })];
    const source = reading(rooms, { accountData: { "m.direct": { [FRIEND]: ["!listed"] } } });
    expect(source.snapshot.accountData.get("m.direct")).toEqual({ [FRIEND]: ["!listed", "!only"] });
    expect(reading(rooms.slice(1)).snapshot.accountData.get("m.direct")).toEqual({ [FRIEND]: ["!only"] });
    expect(reading([room("!a")]).snapshot.accountData.size).toBe(0);
  });

  it.each([
    { encrypted: true, kind: "present" },
    { encrypted: false, kind: "absent" },
    { encrypted: null, kind: "unread" },
  ])("say whether a room is encrypted: $encrypted", ({ encrypted, kind }) => {
    expect(reading([room("!a", { encrypted })]).snapshot.rooms.get("!a")?.encryption.kind).toBe(kind);
  });

  it("have neither power nor names in rooms nor keys", () => {
    const { missing, isWhole } = compared(reading([room("!a", { power: 100 })]));
    expect(missing).toEqual({});
    expect(isWhole).toBe(true);
  });

  it("bring nothing that a move would not copy, whatever they say", () => {
    const source = reading([], {
      accountData: {
        "m.secret_storage.default_key": { key: "abc" },
        "m.cross_signing.master": { encrypted: {} },
        "org.example.notes": { apiToken: "syt_abc" },
        "org.example.colour": { value: "blue" },
        "m.direct": { "@me": "no list", __proto__: ["!a"] },
        "m.ignored_user_list": { ignored_users: { nobody: {}, "@spam:x.example": {} } },
      },
      roomAccountData: { "!a": { "m.tag": { tags: {} }, "..": { on: true } } },
    });
    const { missing, notMoved, isWhole } = compared(source);
    expect(missing).toEqual({
      account_data: ["org.example.colour"],
      ignored_users: ["@spam:x.example"],
    });
    expect(notMoved).toEqual(
      expect.arrayContaining([
        "account_data m.secret_storage.default_key: holds_keys",
        "account_data m.cross_signing.master: holds_keys",
        "account_data org.example.notes: looks_secret",
        "direct_chats @me: malformed",
        "ignored_users nobody: malformed",
        "room_settings !a ..: malformed",
      ]),
    );
    expect(isWhole).toBe(true);
  });

  it("are malformed where they are too deep or too large to be processed", () => {
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 1_000; level += 1) deep = { deep };
    const large = { list: Array.from({ length: 300_000 }, (_, index) => index) };
    const source = reading([], {
      accountData: { "org.example.deep": deep, "m.direct": large },
      roomAccountData: { "!a": { "org.example.large": large } },
      profile: { displayname: "Me", "org.example.deep": deep },
      pushRules: { global: { override: "none", content: [{ rule_id: 1 }] } },
    });
    const { missing, notMoved } = compared(source);
    expect(missing).toEqual({ profile: ["displayname"] });
    expect(notMoved.toSorted()).toEqual([
      "account_data org.example.deep: malformed",
      "direct_chats m.direct: malformed",
      "profile org.example.deep: malformed",
      "push_rules content/rule 1: malformed",
      "push_rules override: malformed",
      "room_settings !a org.example.large: malformed",
    ]);
    expect(planContentSteps(source, newAccount(), roomIdOnTarget).map(({ key }) => key)).toEqual([
      "profile:displayname",
    ]);
  });

  it("name a picture that no server has any more, which is told and not tried", () => {
    const avatar = "mxc://old.example/face";
    const source = { ...reading([], { profile: { avatar_url: avatar } }), lostImages: new Set([avatar]) };
    expect(compared(source)).toMatchObject({ missing: {}, notMoved: ["profile avatar_url: source_gone"] });
  });
});

describe("the servers and helpers of a room in files", () => {
  const servers = {
    deadServers: new Set([
      ...["dead.example", "dead.example:8448", "192.0.2.1", "[2001:db8::1]:8448", "old.example"],
    ]),
    livingServers: new Set(["living.example", "living.example:8448", "192.0.2.2", "[2001:db8::2]:443"]),
  };

  function roomOf(changes: Partial<FileRoom>, roomId = "!a") {
    const rooms = [room(roomId, changes)];
    const imported = { userId: OLD, importedAt: 2, writtenAt: 1, rooms, contacts: [], data: null };
    const parties = { targetUserId: NEW, botUserIds: [], ...servers };
    return readingFromFiles(imported, parties).snapshot.rooms.get(roomId)?.fromFile;
  }
  const helper = (userId: string) => ({ userId, displayName: null, power: 100 });

  it.each<{ name: string; via: string[]; kept: string[] }>([
    { name: "a dead server", via: ["dead.example", "living.example"], kept: ["living.example"] },
    { name: "only dead servers", via: ["dead.example", "old.example"], kept: [] },
    {
      name: "an unknown server before a living one",
      via: ["unknown.example", "living.example"],
      kept: ["living.example", "unknown.example"],
    },
    {
      name: "ports, which make another server",
      via: ["dead.example:8448", "dead.example:443", "living.example:8448"],
      kept: ["living.example:8448", "dead.example:443"],
    },
    {
      name: "IP addresses, which come last",
      via: ["192.0.2.1", "192.0.2.3", "192.0.2.2", "unknown.example", "living.example"],
      kept: ["living.example", "unknown.example", "192.0.2.2", "192.0.2.3"],
    },
    {
      name: "IPv6 addresses",
      via: ["[2001:db8::1]:8448", "[2001:db8::2]:443", "unknown.example"],
      kept: ["unknown.example", "[2001:db8::2]:443"],
    },
    { name: "no server names", via: ["not a name", "", "a..b", "living.example"], kept: ["living.example"] },
    { name: "a server twice", via: ["living.example", "living.example"], kept: ["living.example"] },
    {
      name: "many unknown servers before a living one",
      via: [...Array.from({ length: 20 }, (_, index) => `u${index}.example`), "living.example"],
      kept: ["living.example", ...Array.from({ length: 7 }, (_, index) => `u${index}.example`)],
    },
  ])("begin with living ones: $name", ({ via, kept }) => {
    expect(roomOf({ via })?.via).toEqual(kept);
  });

  it("are those of helpers and of the room's ID too, unless they are dead", () => {
    const helpers = ["@a:dead.example", "@b:unknown.example", "@c:living.example:8448"].map(helper);
    expect(roomOf({ helpers }, "!a:dead.example")?.via).toEqual(["living.example:8448", "unknown.example"]);
    expect(roomOf({}, "!a:living.example")?.via).toEqual(["living.example"]);
  });

  it("are helpers of servers that are not dead, in the order of the file", () => {
    const helpers = [
      ...["@a:dead.example", "@b:unknown.example", "@c:dead.example:8448", "@d:dead.example:443"],
      ...["@e:192.0.2.1", "@f:192.0.2.2", "@g:[2001:db8::1]:8448", "@h:living.example", "@i:old.example"],
    ].map(helper);
    expect(roomOf({ helpers })?.helpers.map(({ userId }) => userId)).toEqual([
      ...["@b:unknown.example", "@d:dead.example:443", "@f:192.0.2.2", "@h:living.example"],
    ]);
  });
});
