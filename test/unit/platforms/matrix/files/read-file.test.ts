import { describe, expect, it } from "vitest";
import type { FileFindings, FileRoom } from "../../../../../src/model/room-file.ts";
import { readFile } from "../../../../../src/platforms/matrix/files/read-file.ts";

const HASHED = `!${"A1b2C3d4E5f6G7h8I9j0".repeat(3).slice(0, 43)}`;

function findings(content: string | Buffer): FileFindings {
  const read = readFile(Buffer.from(content));
  if (read.status !== "read") throw new Error(`refused: ${read.mistake}`);
  return read.findings;
}

/** The rooms and people of a file, as short texts. */
function found(content: string | Buffer) {
  const { format, rooms, contacts, notUnderstood } = findings(content);
  return {
    format,
    rooms: rooms.map(({ roomId, name, via }) =>
      [roomId, ...(name === null ? [] : [name]), ...(via.length === 0 ? [] : [via.join("+")])].join(" "),
    ),
    people: contacts.map(({ userId }) => userId),
    unread: notUnderstood.first.map(({ line, text }) => `${line}: ${text}`),
  };
}

const ROOM: FileRoom = {
  ...{ roomId: "!choir:old.example", membership: "join", name: "Choir; the loud one" },
  ...{ alias: "#choir:old.example", aliases: ["#choir:old.example", "#sing:third.example"] },
  ...{ via: ["third.example", "old.example"], version: "11", joinRule: "restricted" },
  ...{ allow: ["!space:old.example"], encrypted: false, direct: false, partner: null },
  tags: { "m.favourite": { order: 0.25 } },
  ...{ power: 50, memberCount: 12, successor: null, link: "https://matrix.to/#/!choir%3Aold.example" },
  helpers: [{ userId: "@ann:third.example", displayName: "Ann", power: 100 }],
};

const ROOMS_FILE = {
  ...{ schema: 1, kind: "rooms", account: "@me:old.example", generatedAt: "2026-01-31T12:00:00Z" },
  rooms: [ROOM],
  contacts: [{ userId: "@bo:third.example", displayName: "Bo", rooms: ["!chat:old.example"] }],
};

describe("a file of the bot", () => {
  it("is read whole: rooms", () => {
    const { notUnderstood, ...read } = findings(JSON.stringify(ROOMS_FILE));
    expect(read).toEqual({
      ...{ format: "rooms", account: "@me:old.example", writtenAt: Date.UTC(2026, 0, 31, 12) },
      ...{ rooms: [ROOM], contacts: ROOMS_FILE.contacts, data: null },
    });
    expect(notUnderstood).toEqual({ first: [], total: 0 });
  });

  it("is read whole: settings", () => {
    const data = {
      accountData: { "m.direct": { "@bo:third.example": ["!chat:old.example"] } },
      pushRules: { global: { override: [] } },
      tags: { "!choir:old.example": { "m.favourite": { order: 0.5 } } },
      profile: { displayname: "Me" },
      roomAccountData: { "!choir:old.example": { "m.marked_unread": { unread: true } } },
    };
    const read = findings(JSON.stringify({ ...ROOMS_FILE, kind: "data", ...data }));
    expect(read).toMatchObject({ format: "data", account: "@me:old.example", rooms: [], data });
  });

  it("gives the rooms and helpers of a report", () => {
    const report = {
      ...{ schema: 1, source: "@me:old.example", target: "@me:new.example" },
      generatedAt: "2026-01-31T12:00:00Z",
      rooms: [
        {
          roomId: "!choir:old.example",
          name: "Choir",
          alias: null,
          power: { source: 50 },
          helpers: ROOM.helpers,
        },
      ],
      categories: [],
    };
    const read = findings(JSON.stringify(report));
    expect(read).toMatchObject({ format: "report", account: "@me:old.example" });
    expect(read.rooms).toMatchObject([{ roomId: "!choir:old.example", power: 50, helpers: ROOM.helpers }]);
  });

  it.each([
    { name: "missing fields", room: { roomId: "!a:x.example" } },
    { name: "fields of a newer version", room: { roomId: "!a:x.example", colour: "red" } },
    {
      name: "fields of a wrong type",
      room: {
        roomId: "!a:x.example",
        via: "x",
        tags: [],
        helpers: [null, {}],
        power: 1.5,
        membership: "ban",
      },
    },
  ])("is read with $name", ({ room }) => {
    const [read] = findings(JSON.stringify({ ...ROOMS_FILE, rooms: [room] })).rooms;
    expect(read).toMatchObject({ roomId: "!a:x.example", via: [], tags: {}, helpers: [], power: null });
  });

  it("names the entries that have no ID", () => {
    const rooms = [{ roomId: "choir" }, ROOM, { name: "no ID" }];
    expect(found(JSON.stringify({ ...ROOMS_FILE, rooms })).unread).toEqual([
      "1: choir",
      "3: an entry without an ID",
    ]);
  });

  it.each([
    { name: "rooms", file: { ...ROOMS_FILE, schema: 2 } },
    { name: "settings", file: { ...ROOMS_FILE, kind: "data", schema: 2 } },
    { name: "a report", file: { schema: 2, source: "@me:old.example", rooms: [ROOM] } },
    { name: "a report in another form", file: { schema: 3, source: "@me:old.example", rooms: { all: [] } } },
  ])("of a newer schema is refused: $name", ({ file }) => {
    const read = readFile(Buffer.from(JSON.stringify(file)));
    expect(read).toEqual({ status: "refused", mistake: "newer_schema" });
  });

  it.each([
    { name: "of the future", generatedAt: "2999-01-01T00:00:00Z", writtenAt: Date.UTC(2026, 1) },
    { name: "of a year before Matrix", generatedAt: "1970-01-05T00:00:00Z", writtenAt: null },
    { name: "that is none", generatedAt: "yesterday", writtenAt: null },
  ])("does not keep a time $name", ({ generatedAt, writtenAt }) => {
    const file = Buffer.from(JSON.stringify({ ...ROOMS_FILE, generatedAt }));
    expect(readFile(file, Date.UTC(2026, 1))).toMatchObject({ findings: { writtenAt } });
  });
});

describe("the list of another tool", () => {
  it("is read as YAML", () => {
    const yaml = `profile:\n  displayname: Me\nroomSave:\n  - id: "!a:x.example"\n    name: 'Choir'\n    vias: [one.example, two.example]\n  - id: nothing\n    name: Broken\n    vias: []\n`;
    expect(found(yaml)).toEqual({
      ...{ format: "yaml", rooms: ["!a:x.example Choir one.example+two.example"], people: [] },
      unread: ["2: nothing"],
    });
  });

  it("is read whole when it is large", () => {
    const vias = Array.from({ length: 300 }, (_, index) => `      - server${index}.example\n`).join("");
    const rooms = Array.from(
      { length: 200 },
      (_, index) =>
        `  - id: "!r${index}:x.example"\n    name: 'Room ${index}: the "best"'\n    vias:\n${vias}`,
    );
    const yaml = `profile:\n  displayname: Me\nroomSave:\n${rooms.join("")}other: 1\n`;
    expect(yaml.length).toBeGreaterThan(1_000_000);
    const { format, rooms: read } = findings(yaml);
    expect([format, read.length]).toEqual(["yaml", 200]);
    expect(read[199]).toMatchObject({ roomId: "!r199:x.example", name: 'Room 199: the "best"' });
    expect(read[199]?.via).toHaveLength(20);
  });

  it("with hundreds of servers keeps a bounded number", () => {
    const vias = Array.from({ length: 500 }, (_, index) => `s${index}.example`);
    expect(findings(JSON.stringify({ roomSave: [{ id: "!a:x.example", vias }] })).rooms[0]?.via).toHaveLength(
      20,
    );
  });
});

describe("a text", () => {
  it.each([
    {
      name: "room IDs in a sentence",
      text: "I was in !abc:old.example, and in (!def:old.example).",
      rooms: ["!abc:old.example", "!def:old.example"],
    },
    { name: "a room ID without a server", text: `The new one is ${HASHED}.`, rooms: [HASHED] },
    {
      name: "aliases",
      text: "- #choir:old.example\n- #dogs:third.example:8448;",
      rooms: ["#choir:old.example", "#dogs:third.example:8448"],
    },
    {
      name: "a link to a room",
      text: "https://matrix.to/#/!abc:old.example?via=one.example&via=two.example",
      rooms: ["!abc:old.example one.example+two.example"],
    },
    {
      name: "a link with escapes",
      text: "<https://matrix.to/#/%21abc%3Aold.example?via=one.example>",
      rooms: ["!abc:old.example one.example"],
    },
    {
      name: "a link to an event",
      text: "https://matrix.to/#/!abc:old.example/$event:old.example?via=one.example",
      rooms: ["!abc:old.example one.example"],
    },
    {
      name: "a link to an alias",
      text: "see https://matrix.to/#/#choir:old.example!",
      rooms: ["#choir:old.example"],
    },
    {
      name: "Markdown",
      text: "* [The Choir](https://matrix.to/#/!abc:old.example?via=one.example)",
      rooms: ["!abc:old.example The Choir one.example"],
    },
    {
      name: "HTML",
      text: '<li><a href="https://matrix.to/#/!abc:old.example?via=one.example&amp;via=two.example">The Choir</a></li>',
      rooms: ["!abc:old.example The Choir one.example+two.example"],
    },
    {
      name: "matrix: addresses",
      text: "matrix:roomid/abc:old.example?via=one.example matrix:r/choir:old.example?action=join",
      rooms: ["!abc:old.example one.example", "#choir:old.example"],
    },
    {
      name: "a link of an app",
      text: "https://app.element.io/#/room/!abc:old.example",
      rooms: ["!abc:old.example"],
    },
    {
      name: "Windows lines",
      text: "!abc:old.example\r\n!def:old.example\r\n",
      rooms: ["!abc:old.example", "!def:old.example"],
    },
    { name: "the same room twice", text: "!abc:old.example !abc:old.example", rooms: ["!abc:old.example"] },
  ])("is searched for $name", ({ text, rooms }) => {
    expect(found(text)).toEqual({ format: "text", rooms, people: [], unread: [] });
  });

  it("is searched for people, in links and alone", () => {
    const text = "Ask @ann:third.example or matrix:u/bo:third.example, https://matrix.to/#/@di:third.example";
    expect(found(text).people.toSorted()).toEqual([
      "@ann:third.example",
      "@bo:third.example",
      "@di:third.example",
    ]);
  });

  it.each([
    "mail me: ann@third.example",
    "meet @ 10:30, or @10:30",
    "# A heading: nothing",
    "#hashtag and @ann and !important",
    "Hello!World: fine",
  ])("has nothing like an ID in “%s”", (text) => {
    expect(found(`!abc:old.example\n${text}`)).toMatchObject({
      rooms: ["!abc:old.example"],
      people: [],
      unread: [],
    });
  });

  it("names lines that have something like an ID", () => {
    const lines = ["!abc:old.example", "#choir:", "!cut:old", "@me:old_example", "fine"];
    expect(found(lines.join("\n")).unread).toEqual(["3: !cut:old", "4: @me:old_example"]);
    const many = Array.from({ length: 25 }, (_, index) => `!cut${index}:old`).join("\n");
    const { notUnderstood } = findings(many);
    expect([notUnderstood.first.length, notUnderstood.total]).toEqual([10, 25]);
  });

  it.each([
    { name: "UTF-8 with a mark", bytes: Buffer.from("\u{feff}!abc:old.example") },
    { name: "UTF-16, little end first", bytes: Buffer.from("\u{feff}!abc:old.example", "utf16le") },
    { name: "UTF-16, big end first", bytes: Buffer.from("\u{feff}!abc:old.example", "utf16le").swap16() },
    {
      name: "bytes that are no UTF-8",
      bytes: Buffer.concat([Buffer.from([0xe4, 0x20]), Buffer.from("!abc:old.example")]),
    },
  ])("may be $name", ({ bytes }) => {
    expect(found(bytes).rooms).toEqual(["!abc:old.example"]);
  });
});

describe("a CSV file of the bot", () => {
  const head =
    "roomId,membership,name,alias,aliases,via,version,joinRule,allow,encrypted,direct,partner,tags,power,memberCount,helpers,successor,link";

  it("is read whole, without the guards against formulas", () => {
    const cells = [
      ...[
        "!chat:old.example",
        "join",
        `"'=SUM(A1), ""quoted"""`,
        "",
        "",
        "third.example; old.example",
        "11",
        "invite",
      ],
      ...["", "true", "true", "'@bo:third.example", "m.favourite 0.25; u.work", "creator", "2"],
      ...["Bo @bo:third.example (100); @ann:third.example (creator)", "", "https://matrix.to/#/x"],
    ];
    const { format, rooms, account } = findings(`\u{feff}${head}\r\n${cells.join(",")}\r\n`);
    expect({ format, account }).toEqual({ format: "rooms_csv", account: null });
    expect(rooms).toEqual([
      {
        ...{
          roomId: "!chat:old.example",
          membership: "join",
          name: '=SUM(A1), "quoted"',
          alias: null,
          aliases: [],
        },
        ...{ via: ["third.example", "old.example"], version: "11", joinRule: "invite", allow: [] },
        ...{ encrypted: true, direct: true, partner: "@bo:third.example", power: "creator", memberCount: 2 },
        tags: { "m.favourite": { order: 0.25 }, "u.work": {} },
        helpers: [
          { userId: "@bo:third.example", displayName: "Bo", power: 100 },
          { userId: "@ann:third.example", displayName: null, power: "creator" },
        ],
        ...{ successor: null, link: "https://matrix.to/#/x" },
      },
    ]);
  });

  it("may have semicolons, as some spreadsheets write them", () => {
    expect(found("roomId;membership;name\r\n!abc:old.example;join;Choir\r\n").rooms).toEqual([
      "!abc:old.example Choir",
    ]);
  });

  it("names rows without an ID, as spreadsheets count them", () => {
    const rows = [head, '!abc:old.example,join,"The', 'Choir"', "", ",,,", "choir,join"];
    for (const end of ["\n", "\r\n"])
      expect(found(rows.join(end))).toMatchObject({
        rooms: [`!abc:old.example The${end}Choir`],
        unread: ["5: choir"],
      });
  });

  it.each([
    { cell: "u.work 2", tags: { "u.work 2": {} } },
    { cell: "u.work 2 0.5", tags: { "u.work 2": { order: 0.5 } } },
    { cell: "u.my work; m.favourite 1e-7", tags: { "u.my work": {}, "m.favourite": { order: 1e-7 } } },
    { cell: "u.a 1e999; u.b NaN", tags: { "u.a 1e999": {}, "u.b NaN": {} } },
  ])("has the tags “$cell”", ({ cell, tags }) => {
    expect(findings(`roomId,membership,tags\n!abc:old.example,join,${cell}`).rooms[0]?.tags).toEqual(tags);
  });

  it.each([
    { cell: "Ann (the first) @ann:third.example (100)", is: ["Ann (the first)", "@ann:third.example", 100] },
    { cell: "Ann @home @ann:third.example", is: ["Ann @home", "@ann:third.example", null] },
    { cell: "@a=b/c|d:third.example (creator)", is: [null, "@a=b/c|d:third.example", "creator"] },
    { cell: "Ann@ann:third.example (1e999)", is: ["Ann", "@ann:third.example", null] },
    { cell: "@an;n:third.example (100)", is: undefined },
    { cell: "Ann (100)", is: undefined },
  ])("has the helper “$cell”", ({ cell, is }) => {
    const [helper] =
      findings(`roomId,membership,helpers\n!abc:old.example,join,${cell}`).rooms[0]?.helpers ?? [];
    expect(helper && [helper.displayName, helper.userId, helper.power]).toEqual(is);
  });

  it("has no ID that is half of another one", () => {
    const csv = `roomId,membership,aliases,via,allow\n!abc:old.example,join,#a;b:x.example,,!a;b:x.example; ${HASHED}`;
    expect(findings(csv).rooms[0]).toMatchObject({ aliases: [], allow: [HASHED] });
  });
});
