import { readFile as read } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { FileRoom, RoomsFile } from "../../../../src/model/room-file.ts";
import { fileRoomSchema, roomsFileSchema } from "../../../../src/model/room-file.ts";
import { readFile } from "../../../../src/platforms/matrix/files/read-file.ts";
import { ROOM_COLUMNS, roomsAttachments } from "../../../../src/view/files/export-files.ts";

const MAX_BYTES = 1_000_000;

function room(changes: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId: "!choir:old.example", membership: "join", name: "Choir", alias: "#choir:old.example" },
    ...{ aliases: ["#choir:old.example", "#sing:third.example"], via: ["third.example", "old.example"] },
    ...{
      version: "11",
      joinRule: "restricted",
      allow: ["!space:old.example"],
      encrypted: false,
      direct: false,
    },
    ...{ partner: null, tags: { "m.favourite": { order: 0.25 }, "u.work": {} }, power: 50, memberCount: 12 },
    helpers: [
      { userId: "@ann:third.example", displayName: "Ann", power: "creator" },
      { userId: "@bo:old.example", displayName: null, power: 100 },
    ],
    ...{ successor: null, link: null },
    ...changes,
  };
}

function file(rooms: FileRoom[]): RoomsFile {
  return {
    ...{
      schema: 1,
      kind: "rooms",
      account: "@ada/../x:old.example",
      generatedAt: "2026-01-31T12:00:00.000Z",
    },
    rooms,
    contacts: [{ userId: "@bo:old.example", displayName: "Bo", rooms: ["!chat:old.example"] }],
  };
}

function imported(bytes: Buffer | undefined) {
  const read = readFile(bytes ?? Buffer.from(""));
  if (read.status !== "read") throw new Error(read.mistake);
  return read.findings;
}

describe("the file of rooms", () => {
  const link = "https://matrix.to/#/!choir%3Aold.example?via=third.example&via=old.example";

  it("as JSON has every field, and is read back whole", () => {
    const [attachment] = roomsAttachments(
      file([room(), room({ roomId: "!b:x.example" })]),
      "json",
      MAX_BYTES,
    );
    const written = roomsFileSchema.parse(JSON.parse(attachment?.bytes.toString() ?? ""));
    expect(written).toEqual({
      ...file([]),
      rooms: [room({ link }), room({ roomId: "!b:x.example", link: link.replace("!choir%3Aold", "!b%3Ax") })],
    });
    expect(imported(attachment?.bytes).rooms).toEqual(written.rooms);
    expect(attachment).toMatchObject({
      fileName: "rooms-ada_.._x-2026-01-31.json",
      mimeType: "application/json",
    });
  });

  it("of no room is whole too", () => {
    const [attachment] = roomsAttachments({ ...file([]), contacts: [] }, "json", MAX_BYTES);
    expect(roomsFileSchema.parse(JSON.parse(attachment?.bytes.toString() ?? "")).rooms).toEqual([]);
  });

  it("as CSV has the same columns, is safe in a spreadsheet, and is read back", () => {
    const hostile = room({
      roomId: "!hostile:old.example",
      ...{
        name: '=HYPERLINK("http://x")',
        partner: "@bo:old.example",
        direct: true,
        joinRule: null,
        allow: [],
      },
      ...{
        helpers: [{ userId: "@ann:third.example", displayName: "Ann; @eve:evil.example (100)", power: 50 }],
      },
    });
    const [attachment] = roomsAttachments(file([room(), hostile]), "csv", MAX_BYTES);
    const text = attachment?.bytes.toString() ?? "";
    expect(text.split("\r\n")[0]).toBe(
      "roomId,membership,name,alias,aliases,via,version,joinRule,allow,encrypted,direct,partner,tags,power,memberCount,helpers,successor,link",
    );
    expect(text).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(text).toContain("'@bo:old.example");
    const [first, second] = imported(attachment?.bytes).rooms;
    expect(first).toEqual(room({ link }));
    expect(second).toMatchObject({
      name: '=HYPERLINK("http://x")',
      partner: "@bo:old.example",
      direct: true,
    });
    // A name cannot add a helper.
    expect(second?.helpers.map(({ userId }) => userId)).toEqual(["@ann:third.example"]);
  });

  it("has the fields that the README describes, in its order", async () => {
    const text = await read("README.md", "utf8");
    const [, table = ""] = /\| field of a room \|.*\n.*\n([^]*?)\n\n/u.exec(text) ?? [];
    const described = table.split("\n").flatMap((row) => row.split("|")[1]?.match(/\w+/gu) ?? []);
    expect(described).toEqual([...ROOM_COLUMNS]);
    expect(Object.keys(fileRoomSchema.shape)).toEqual(described);
  });

  it("as Markdown has links, and no name in it is markup or a mention", () => {
    const [attachment] = roomsAttachments(
      file([room({ name: "[x](http://evil) <b>@room</b>\u202e" })]),
      "md",
      MAX_BYTES,
    );
    const text = attachment?.bytes.toString() ?? "";
    expect(text).toContain(`(${link})`);
    expect(text).not.toContain("[x](http");
    expect(text).not.toContain("<b>");
    expect(text).not.toContain("\u202e");
    expect(imported(attachment?.bytes).rooms.map(({ roomId }) => roomId)).toEqual(["!choir:old.example"]);
  });

  /** Odd values that each format can hold. */
  const odd: FileRoom[] = [
    room({ name: "Choir\nsecond line\r\nthird" }),
    room({ name: `"quoted", <b>bold</b> & 'single'` }),
    ...["=1+1", "+49", "-1", "@here", "'=1+1", "''@x", "'tis"].map((name) => room({ name })),
    room({ name: "semi; colon, comma\ttab" }),
    room({ name: null, alias: null, aliases: [], via: [], helpers: [], tags: {} }),
    room({ tags: { "u.with space": {}, "u.Top 10": { order: 0.5 }, "u.zero": { order: 0 } } }),
    room({ tags: { "=formula": { order: 1 }, "u.low": { order: 0.0000001 } } }),
    room({ helpers: [{ userId: "@a(b):x.example", displayName: "Ann (work) [x]", power: -5 }] }),
    room({ helpers: [{ userId: "@ann:x.example", displayName: null, power: null }] }),
    room({ partner: "@ann:x.example", direct: true, power: -1, memberCount: null, joinRule: "odd; rule" }),
    room({ membership: null, encrypted: null, direct: null, power: "creator", successor: "!n:x.example" }),
  ].map((one, index) => ({ ...one, roomId: `!odd${index}:old.example` }));
  const oddIds = ["!semi;colon:x.example", "!(brackets'):x.example", `!${"v".repeat(43)}`];

  it("as CSV is read back with the same rooms, whatever their names are", () => {
    const rooms = [...odd, ...oddIds.map((roomId) => room({ roomId }))];
    const [csv] = roomsAttachments(file(rooms), "csv", MAX_BYTES);
    const [json] = roomsAttachments(file(rooms), "json", MAX_BYTES);
    const found = imported(csv?.bytes);
    expect(found.notUnderstood.total).toBe(0);
    expect(found.rooms).toEqual(imported(json?.bytes).rooms);
  });

  it("as CSV leaves out of a list what the list would change", () => {
    const written = room({
      aliases: ["#choir:old.example", "#a;b:x.example", "#line\nbreak:x.example", "#c:x.example "],
      allow: ["!space:old.example", "!a;b:x.example"],
      tags: {
        ...{ "u.Top 10": {}, "u.semi;colon": {}, "u.line\nbreak": {}, " u.space": {}, "": {} },
        ...{ "u.far": { order: 7 }, "u.text": { order: "first" }, "u.kept": { order: 0.5, more: 1 } },
      },
      helpers: [
        { userId: "@a;b:x.example", displayName: "Cut", power: 100 },
        { userId: "@a b:x.example", displayName: "Cut", power: 100 },
        { userId: "@ann:x.example", displayName: "Ann; @eve:evil.example (100)\u2028\n", power: 50 },
        { userId: "@bo:x.example", displayName: "\u0000;", power: 0 },
      ],
    });
    const [csv] = roomsAttachments(file([written]), "csv", MAX_BYTES);
    expect(imported(csv?.bytes).rooms).toEqual([
      {
        ...room({ link }),
        aliases: ["#choir:old.example"],
        tags: { "u.far": {}, "u.text": {}, "u.kept": { order: 0.5 } },
        helpers: [
          { userId: "@ann:x.example", displayName: "Ann eve:evil.example (100)", power: 50 },
          { userId: "@bo:x.example", displayName: null, power: 0 },
        ],
      },
    ]);
  });

  it("as CSV stays a text file, whatever a name has", () => {
    const [csv] = roomsAttachments(file([room({ name: "a\u0000b\ud800" })]), "csv", MAX_BYTES);
    expect(imported(csv?.bytes).rooms[0]?.name).toBe("ab\ufffd");
  });

  it("as Markdown has all IDs, whatever is in them, and none out of a name", () => {
    const names = [
      ...["Talk to @eve:evil.example", "#other:evil.example", `!${"x".repeat(43)}`, "Hello!"],
      ...["matrix:r/evil:evil.example", "see https://matrix.to/#/%23evil%3Aevil.example", "a](http://x)"],
      ...["app.example/#/#evil:evil.example", "12:30 & more", "roomSave: []", "Content-Type: text/html"],
      ...["app.example/rooms/%21evil%3Aevil.example", "100% %41"],
    ];
    const rooms = [
      ...oddIds.map((roomId) => room({ roomId })),
      ...[...names, null].map((name, index) => room({ roomId: `!n_${index}:x.example`, name })),
    ].map((one) => ({ ...one, helpers: [] }));
    const contacts = ["@bo:old.example", "@a b:x.example", "@a(b;c):x.example"].map((userId) => ({
      ...{ userId, displayName: "I am @eve:evil.example", rooms: [] },
    }));
    const [md] = roomsAttachments({ ...file(rooms), account: "@ada:old.example", contacts }, "md", MAX_BYTES);
    const found = imported(md?.bytes);
    expect(found.format).toBe("text");
    expect(found.rooms.map(({ roomId, via }) => [roomId, via])).toEqual(
      rooms.map(({ roomId, via }) => [roomId, via]),
    );
    expect(found.contacts.map(({ userId }) => userId)).toEqual([
      "@ada:old.example",
      ...contacts.map(({ userId }) => userId),
    ]);
    expect(found.notUnderstood.total).toBe(0);
  });

  it("is cut into parts that can be imported, if the server takes no larger files", () => {
    const rooms = Array.from({ length: 100 }, (_, index) => room({ roomId: `!r${index}:old.example` }));
    const parts = roomsAttachments(file(rooms), "json", 20_000);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.every(({ bytes }) => bytes.length <= 20_000)).toBe(true);
    const found = parts.flatMap(({ bytes }) => imported(bytes).rooms.map(({ roomId }) => roomId));
    expect(found).toEqual(rooms.map(({ roomId }) => roomId));
    expect(parts[0]?.fileName).toMatch(/^rooms-.*-1-of-\d+\.json$/);
  });

  it.each(["json", "csv", "md"] as const)("as %s has no part that is larger than the limit", (format) => {
    const rooms = Array.from({ length: 300 }, (_, index) =>
      room({ roomId: `!r${index}:old.example`, name: "é".repeat(index) }),
    );
    const contacts = Array.from({ length: 300 }, (_, index) => ({
      ...{ userId: `@p${index}:old.example`, displayName: "P", rooms: [] },
    }));
    for (const maxBytes of [3_000, 10_000, 40_000]) {
      const parts = roomsAttachments({ ...file(rooms), contacts }, format, maxBytes);
      expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(maxBytes);
      const found = parts.flatMap(({ bytes }) => imported(bytes).rooms.map(({ roomId }) => roomId));
      expect(found).toEqual(rooms.map(({ roomId }) => roomId));
      if (format !== "csv")
        expect(
          parts.flatMap(({ bytes }) =>
            imported(bytes)
              .contacts.map(({ userId }) => userId)
              .filter((userId) => userId.startsWith("@p")),
          ),
        ).toEqual(contacts.map(({ userId }) => userId));
    }
  });

  it("is written once, however many parts it has", () => {
    let written = 0;
    const rooms = Array.from({ length: 3_000 }, (_, index) => ({
      ...room({ roomId: `!r${index}:old.example` }),
      toJSON(this: object) {
        written += 1;
        return { ...this };
      },
    }));
    expect(roomsAttachments(file(rooms), "json", 5_000).length).toBeGreaterThan(300);
    expect(written).toBe(3_000);
  });

  it("has a part of its own for a room that is larger than the limit", () => {
    const rooms = [room(), room({ roomId: "!large:x.example", name: "x".repeat(9_000) }), room()];
    const parts = roomsAttachments(file(rooms), "json", 5_000);
    expect(parts.map(({ bytes }) => bytes.length > 5_000)).toEqual([false, true, false]);
  });
});
