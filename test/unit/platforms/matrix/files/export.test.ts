import { describe, expect, it } from "vitest";
import { dataFile } from "../../../../../src/platforms/matrix/files/export-data.ts";
import { roomsFile } from "../../../../../src/platforms/matrix/files/export-rooms.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import { account, membershipRule, sketchRoom, SOURCE } from "../../../../support/plans/planned-rooms.ts";

const AT = new Date("2026-01-31T12:00:00Z");
const BOT = "@mover:bot.example";
const PARTIES = { sourceUserId: SOURCE, targetUserId: SOURCE, botUserIds: new Set([BOT]) };

function exported(sketches: readonly RoomSketch[], accountData: Record<string, unknown> = {}) {
  const rooms = sketches.map(sketchRoom);
  const snapshot = account(SOURCE, rooms, accountData);
  const roomTags = new Map([
    [
      "!room:old.example",
      [
        { name: "m.favourite", order: 0.25 },
        { name: "u.x", order: null },
      ],
    ],
  ]);
  return roomsFile({ snapshot, roomTags }, rooms, PARTIES, AT);
}

describe("the rooms of an account, to keep", () => {
  it("have what a file can have", () => {
    const { rooms, contacts, ...head } = exported(
      [
        {
          ...{
            version: "10",
            rule: "restricted",
            allow: membershipRule("!space:old.example"),
            joinedCount: 4,
          },
          levels: {
            invite: 50,
            users: { "@ann:third.example": 100, [SOURCE]: 50, "@bo:old.example": 50, [BOT]: 100 },
          },
          members: {
            "@ann:third.example": "join",
            "@bo:old.example": "join",
            "@left:fourth.example": "leave",
            [BOT]: "join",
          },
          state: {
            "m.room.name": { name: "Choir" },
            "m.room.canonical_alias": {
              alias: "#choir:old.example",
              alt_aliases: ["#sing:third.example", 5],
            },
            "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" },
          },
        },
      ],
      { "m.direct": { "@ann:third.example": ["!room:old.example"] } },
    );
    expect(head).toEqual({
      schema: 1,
      kind: "rooms",
      account: SOURCE,
      generatedAt: "2026-01-31T12:00:00.000Z",
    });
    expect(rooms).toEqual([
      {
        ...{ roomId: "!room:old.example", membership: "join", name: "Choir", alias: "#choir:old.example" },
        aliases: ["#choir:old.example", "#sing:third.example"],
        via: ["third.example", "bot.example", "old.example"],
        ...{ version: "10", joinRule: "restricted", allow: ["!space:old.example"], encrypted: true },
        ...{ direct: true, partner: "@ann:third.example" },
        tags: { "m.favourite": { order: 0.25 }, "u.x": {} },
        ...{ power: 50, memberCount: 4 },
        helpers: [
          { userId: "@ann:third.example", displayName: null, power: 100 },
          { userId: "@bo:old.example", displayName: null, power: 50 },
        ],
        ...{ successor: null, link: null },
      },
    ]);
    expect(contacts).toEqual([
      { userId: "@ann:third.example", displayName: null, rooms: ["!room:old.example"] },
    ]);
  });

  it("name the inviter of a room that the account is only invited to, and leave open what is unknown", () => {
    const [room] = exported([
      {
        ...{
          membership: "invite",
          coverage: "partial",
          rule: null,
          version: null,
          levels: null,
          joinedCount: null,
        },
        own: { sender: "@ann:third.example" },
      },
    ]).rooms;
    expect(room).toMatchObject({
      ...{
        membership: "invite",
        version: null,
        joinRule: null,
        encrypted: null,
        power: null,
        memberCount: null,
      },
      helpers: [{ userId: "@ann:third.example", displayName: null, power: 0 }],
      via: ["third.example"],
    });
  });

  it("name who invites to a direct chat as its partner, before any list has it", () => {
    const invited = {
      ...({ membership: "invite", coverage: "partial", rule: null, version: null, levels: null } as const),
      own: { sender: "@ann:third.example", content: { is_direct: true } },
    };
    const { rooms, contacts } = exported([
      invited,
      { ...invited, roomId: "!bot:old.example", own: { ...invited.own, sender: BOT } },
    ]);
    expect(rooms.map(({ direct, partner, helpers }) => [direct, partner, helpers.length])).toEqual([
      [true, "@ann:third.example", 1],
      [false, null, 0],
    ]);
    expect(contacts.map(({ userId }) => userId)).toEqual(["@ann:third.example"]);
  });

  it("have those at which the account knocks, and none that it has left", () => {
    const seen = { coverage: "partial", version: null, levels: null, joinedCount: null } as const;
    const [room] = exported([{ ...seen, membership: "knock", rule: "knock" }]).rooms;
    expect(room).toMatchObject({
      ...{ membership: "knock", joinRule: "knock", power: null, memberCount: null, successor: null },
    });
  });

  it("have null for everything that their server did not show", () => {
    const [room] = exported([
      {
        ...{ coverage: "partial", rule: null, version: null, levels: null, joinedCount: null },
        ...{ members: {}, roomId: "!unread:old.example" },
      },
    ]).rooms;
    expect(room).toEqual({
      ...{ roomId: "!unread:old.example", membership: "join", name: null, alias: null, aliases: [] },
      ...{ via: ["old.example"], version: null, joinRule: null, allow: [], encrypted: null, direct: false },
      ...{ partner: null, tags: {}, power: null, memberCount: null, helpers: [], successor: null },
      link: null,
    });
  });

  it("name all people of a direct chat that is listed under several, the first as its partner", () => {
    const roomId = "!room:old.example";
    const { rooms, contacts } = exported([{ members: { "@bo:x.example": "join" } }], {
      "m.direct": {
        "ann@mail.example": [roomId],
        "@ann:third.example": [roomId, "!elsewhere:old.example"],
        "@bo:x.example": [roomId, roomId],
        [SOURCE]: [roomId],
        [BOT]: [roomId],
        "@odd:x.example": "no list",
      },
    });
    expect(rooms[0]).toMatchObject({ direct: true, partner: "@ann:third.example" });
    expect(contacts).toEqual([
      { userId: "@ann:third.example", displayName: null, rooms: [roomId] },
      { userId: "@bo:x.example", displayName: null, rooms: [roomId] },
    ]);
  });

  it("are direct chats without a partner where only an e-mail address is known", () => {
    const { rooms, contacts } = exported([{}], { "m.direct": { "ann@mail.example": ["!room:old.example"] } });
    expect([rooms[0]?.direct, rooms[0]?.partner, contacts]).toEqual([true, null, []]);
  });

  it("have spaces among them, with the rooms whose members may join", () => {
    const [space] = exported([
      {
        ...{ create: { type: "m.space" }, rule: "restricted" },
        allow: [
          ...membershipRule("!a:old.example", "!b:third.example"),
          { type: "org.example.other", room_id: "!c:old.example" },
        ],
        state: { "m.room.name": { name: "Town" }, "m.space.child/!a:old.example": { via: ["old.example"] } },
      },
    ]).rooms;
    expect(space).toMatchObject({
      ...{ name: "Town", joinRule: "restricted", allow: ["!a:old.example", "!b:third.example"] },
      ...{ encrypted: false, membership: "join" },
    });
  });

  it("of version 12 have creators as helpers before everybody else, and an ID without a server", () => {
    const roomId = `!${"a".repeat(43)}`;
    const [room] = exported([
      {
        ...{ roomId, version: "12", creator: "@zoe:third.example" },
        create: { additional_creators: ["@yan:fourth.example"] },
        levels: { invite: 50, users: { "@ann:fifth.example": 100 } },
        members: {
          "@ann:fifth.example": "join",
          "@yan:fourth.example": "join",
          "@zoe:third.example": "join",
        },
      },
    ]).rooms;
    expect(room).toMatchObject({
      ...{ roomId, version: "12", power: 0 },
      helpers: [
        { userId: "@yan:fourth.example", power: "creator" },
        { userId: "@zoe:third.example", power: "creator" },
        { userId: "@ann:fifth.example", power: 100 },
      ],
      via: ["fourth.example", "third.example", "fifth.example", "old.example"],
    });
  });

  it("that were replaced several times know the last replacement", () => {
    const replaced = (by: string) => ({ "m.room.tombstone": { replacement_room: by } });
    const rooms = exported([
      { roomId: "!1:old.example", state: replaced("!2:old.example") },
      { roomId: "!2:old.example", state: replaced("!3:old.example") },
      { roomId: "!3:old.example", create: { predecessor: { room_id: "!2:old.example" } } },
    ]).rooms;
    expect(rooms.map(({ successor }) => successor)).toEqual(["!3:old.example", "!3:old.example", null]);
  });

  it("know their replacement, and a creator's power", () => {
    const rooms = exported([
      { state: { "m.room.tombstone": { replacement_room: "!next:old.example" } } },
      { roomId: "!made:old.example", version: "12", creator: SOURCE, levels: { users: {} } },
    ]).rooms;
    expect(rooms.map(({ successor, power }) => [successor, power])).toEqual([
      ["!next:old.example", 0],
      [null, "creator"],
    ]);
  });

  it("name at most five servers, those that the room shuts out and bare addresses left out", () => {
    const people = [
      "a.example",
      "b.example",
      "c.example",
      "d.example",
      "e.example",
      "shut.example",
      "10.0.0.1",
    ];
    const members = Object.fromEntries(people.map((server) => [`@p:${server}`, "join" as const]));
    const state = { "m.room.server_acl": { allow: ["*"], deny: ["shut.example"] } };
    const [room] = exported([{ members, state, joinedCount: 9 }]).rooms;
    expect(room?.via).toEqual(["a.example", "b.example", "c.example", "d.example", "e.example"]);
  });
});

const SECRET_TYPES = [
  ...[
    "m.secret_storage.default_key",
    "m.secret_storage.key.abc",
    "m.cross_signing.master",
    "m.megolm_backup.v1",
  ],
  ...["m.cross_signing.self_signing", "m.cross_signing.user_signing", "m.key_backup", "io.element.recovery"],
  ...["m.org.matrix.custom.backup_disabled", "org.matrix.msc3814", "org.matrix.mjolnir.protected_rooms"],
  ...["io.element.matrix_client_information.DEVICE", "m.local_notification_settings.DEVICE"],
  ...["org.matrix.msc3890.local_notification_settings.DEVICE", "io.element.synapse.admin_client_config"],
  ...["org.example.unknown.token", "m.widgets"],
];

function settings(accountData: Record<string, unknown>, ofRoom: Record<string, unknown> = {}) {
  const snapshot = account(SOURCE, [], accountData);
  return dataFile(
    {
      snapshot,
      roomAccountData: new Map([["!a", new Map(Object.entries(ofRoom))]]),
      roomTags: new Map([
        [
          "!a",
          [
            { name: "m.favourite", order: 0.5 },
            { name: "m.server_notice", order: null },
          ],
        ],
        ["!b", [{ name: "m.server_notice", order: null }]],
        ["!c", []],
      ]),
      pushRules: { override: [{ rule_id: ".m.rule.master", enabled: false }] },
      profile: {
        displayName: "Me",
        avatarUrl: "mxc://old.example/a",
        fields: new Map([["m.tz", "Europe/Berlin"]]),
      },
    },
    { withBot: new Set(), botUserIds: new Set([BOT]) },
    AT,
  );
}

describe("the settings of an account, to keep", () => {
  it("are those that a move copies", () => {
    const direct = { "@ann:third.example": ["!chat:old.example"] };
    const file = settings(
      {
        "m.direct": direct,
        "m.ignored_user_list": { ignored_users: { "@eve:x": {} } },
        "m.push_rules": {},
        "org.matrix.preview_urls": { disable: true },
      },
      { "m.fully_read": { event_id: "$e" }, "m.marked_unread": { unread: true }, "m.tag": { tags: {} } },
    );
    expect(file).toEqual({
      ...{ schema: 1, kind: "data", account: SOURCE, generatedAt: "2026-01-31T12:00:00.000Z" },
      accountData: {
        "m.direct": direct,
        "m.ignored_user_list": { ignored_users: { "@eve:x": {} } },
        "org.matrix.preview_urls": { disable: true },
      },
      pushRules: { global: { override: [{ rule_id: ".m.rule.master", enabled: false }] } },
      tags: { "!a": { "m.favourite": { order: 0.5 } } },
      profile: { displayname: "Me", avatar_url: "mxc://old.example/a", "m.tz": "Europe/Berlin" },
      roomAccountData: { "!a": { "m.fully_read": { event_id: "$e" }, "m.marked_unread": { unread: true } } },
    });
  });

  it.each(SECRET_TYPES)("never hold %s", (type) => {
    const content = {
      key: "abc",
      encrypted: { k: { ciphertext: "c", iv: "i", mac: "m" } },
      access_token: "t",
    };
    const file = settings({ [type]: content }, { [type]: content });
    expect([file.accountData, file.roomAccountData]).toEqual([{}, {}]);
  });

  it("never hold anything encrypted, whatever its type", () => {
    const content = { encrypted: { k: { ciphertext: "c" } } };
    expect(settings({ "org.example.app": content }).accountData).toEqual({});
  });
});
