import { describe, expect, it } from "vitest";
import type { FileRoom, RoomsFile } from "../../../../src/model/room-file.ts";
import { roomsFileSchema } from "../../../../src/model/room-file.ts";
import { readFile } from "../../../../src/platforms/matrix/files/read-file.ts";
import { roomsAttachments } from "../../../../src/view/files/export-files.ts";

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

  it("is cut into parts that can be imported, if the server takes no larger files", () => {
    const rooms = Array.from({ length: 100 }, (_, index) => room({ roomId: `!r${index}:old.example` }));
    const parts = roomsAttachments(file(rooms), "json", 20_000);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.every(({ bytes }) => bytes.length <= 20_000)).toBe(true);
    const found = parts.flatMap(({ bytes }) => imported(bytes).rooms.map(({ roomId }) => roomId));
    expect(found).toEqual(rooms.map(({ roomId }) => roomId));
    expect(parts[0]?.fileName).toMatch(/^rooms-.*-1-of-\d+\.json$/);
  });
});
