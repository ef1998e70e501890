import { describe, expect, it } from "vitest";
import { readFile } from "../../../../../src/platforms/matrix/files/read-file.ts";
import { temporaryStore } from "../../../../support/store/temporary-store.ts";

const OWNER = "@me:new.example";
const OLD = "@me:old.example";
const long = "é".repeat(5_000);
const half = "\ud83d".repeat(3_000);

function findings(content: string) {
  const read = readFile(Buffer.from(content));
  if (read.status !== "read") throw new Error(`refused: ${read.mistake}`);
  return read.findings;
}

/** A room as JSON that JSON.stringify would not write. */
const jsonOf = (fields: string) => {
  const room = `{"roomId":"!a:x.example",${fields}}`;
  return `{"schema":1,"kind":"rooms","account":"${OLD}","rooms":[${room}],"contacts":[]}`;
};
const yamlOf = (fields: string) => `roomSave:\n  - id: "!a:x.example"\n    ${fields}\n`;
const csvOf = (column: string, cell: string) => `roomId,membership,${column}\n!a:x.example,join,"${cell}"\n`;
const dataOf = (fields: string) => `{"schema":1,"kind":"data","account":"${OLD}",${fields}}`;

const CASES = [
  ...["1e999", "-1e999", "NaN", "1.5", "9007199254740993", '"100"', "null", "{}"].flatMap((value) => [
    { name: `power ${value}`, file: jsonOf(`"power":${value}`) },
    { name: `memberCount ${value}`, file: jsonOf(`"memberCount":${value}`) },
    { name: `order ${value}`, file: jsonOf(`"tags":{"m.favourite":{"order":${value}}}`) },
    {
      name: `helper's power ${value}`,
      file: jsonOf(`"helpers":[{"userId":"@a:x.example","power":${value}}]`),
    },
    {
      name: `setting ${value}`,
      file: dataOf(`"accountData":{"m.x":{"n":${value}}},"profile":{"a":${value}}`),
    },
    {
      name: `tag of a data file ${value}`,
      file: dataOf(`"tags":{"!a:x.example":{"u.x":{"order":${value}}}}`),
    },
    { name: `YAML name ${value}`, file: yamlOf(`name: ${value}`) },
  ]),
  ...["Infinity", "-1", "1e999", "NaN", "0x10", "1,5", "1e400", "-9007199254740993"].flatMap((value) => [
    { name: `CSV power ${value}`, file: csvOf("power", value) },
    { name: `CSV memberCount ${value}`, file: csvOf("memberCount", value) },
    { name: `CSV order ${value}`, file: csvOf("tags", `m.favourite ${value}`) },
    { name: `CSV helper ${value}`, file: csvOf("helpers", `@a:x.example (${value})`) },
  ]),
  { name: "YAML numbers", file: yamlOf("name: .inf\n    vias: [.nan, 1e999]") },
  { name: "a negative count", file: jsonOf('"memberCount":-5') },
  { name: "halves of characters", file: jsonOf(`"name":${JSON.stringify(half)},"joinRule":"\\ud800"`) },
  { name: "NUL characters", file: jsonOf('"name":"\\u0000","tags":{"\\u0000":{}}') },
  { name: "prototypes", file: jsonOf('"tags":{"__proto__":{"order":1},"constructor":{}}') },
  {
    name: "a prototype among the settings",
    file: dataOf('"accountData":{"__proto__":{"a":1},"m.x":{"__proto__":1}}'),
  },
] as const;

describe("what a file says", () => {
  it("can be stored and read again, whatever its numbers and names are", async () => {
    const { store } = await temporaryStore();
    for (const { name, file } of CASES) {
      const { rooms, contacts, data, writtenAt } = findings(file);
      const kept = { rooms, contacts, data, writtenAt };
      await store.imports.add({ owner: OWNER, userId: OLD, findings: kept, isInstead: true }, 1);
      const content = await store.imports.content(OWNER);
      expect(content?.rooms, name).toEqual(rooms);
      const byId = contacts.toSorted((one, other) => (one.userId < other.userId ? -1 : 1));
      expect(content?.contacts, name).toEqual(byId);
      expect(content?.data === null, name).toBe(data === null);
    }
  });

  it.each([
    { name: "power", file: jsonOf('"power":1e999'), is: { power: null } },
    { name: "a power that is text", file: csvOf("power", "100 "), is: { power: 100 } },
    { name: "memberCount", file: csvOf("memberCount", "-3"), is: { memberCount: null } },
    {
      name: "order",
      file: jsonOf(
        '"tags":{"a":{"order":2},"b":{"order":-0.1},"c":{"order":1e999},"d":{"order":"0.5"},"e":{"order":1}}',
      ),
      is: { tags: { a: {}, b: {}, c: {}, d: { order: "0.5" }, e: { order: 1 } } },
    },
  ])("has only numbers that Matrix allows: $name", ({ file, is }) => {
    expect(findings(file).rooms[0]).toMatchObject(is);
  });

  it("has no order of a tag outside of 0 to 1 among the settings", () => {
    const tags = '"tags":{"!a:x.example":{"u.a":{"order":5},"u.b":{"order":0.5},"u.c":7}}';
    expect(findings(dataOf(tags)).data?.tags).toEqual({
      "!a:x.example": { "u.a": {}, "u.b": { order: 0.5 } },
    });
  });

  it("is cut: a name", () => {
    const names = [
      jsonOf(`"name":"${long}"`),
      csvOf("name", long),
      yamlOf(`name: ${long}`),
      `[${"é".repeat(150)}](https://matrix.to/#/!a:x.example)`,
    ].map((file) => findings(file).rooms[0]?.name?.length ?? 0);
    expect(names).toEqual([1_000, 1_000, 1_000, 150]);
    expect(findings(jsonOf(`"name":"a${"😀".repeat(1_000)}"`)).rooms[0]?.name?.isWellFormed()).toBe(true);
    const helpers = [
      jsonOf(`"helpers":[{"userId":"@a:x.example","displayName":"${long}"}]`),
      csvOf("helpers", `${long} @a:x.example (50)`),
    ].map((file) => findings(file).rooms[0]?.helpers[0]?.displayName?.length);
    expect(helpers).toEqual([1_000, 1_000]);
    const contacts = `"contacts":[{"userId":"@a:x.example","displayName":"${long}","rooms":["${long}","!b:x.example"]}]`;
    expect(findings(`{"schema":1,"kind":"rooms",${contacts}}`).contacts).toEqual([
      { userId: "@a:x.example", displayName: long.slice(0, 1_000), rooms: ["!b:x.example"] },
    ]);
  });

  it.each(["version", "joinRule", "link", "alias", "successor", "partner"])(
    "has no %s that is too long, because a cut one is another one",
    (field) => {
      for (const file of [jsonOf(`"${field}":"!${long}:x.example"`), csvOf(field, `@${long}:x.example`)])
        expect(findings(file).rooms[0]).toMatchObject({ [field]: null });
    },
  );

  it("has no list that is too long, and no ID in it that is none", () => {
    const many = (item: (index: number) => string) => Array.from({ length: 900 }, (_, index) => item(index));
    const lists = {
      ...{ aliases: many((index) => `#r${index}:x.example`), via: many((index) => `s${index}.example`) },
      ...{
        allow: many((index) => `!s${index}:x.example`),
        tags: { [long]: {}, "u.a": { big: long, order: 1 } },
      },
      helpers: many((index) => `@p${index}:x.example`).map((userId) => ({ userId })),
    };
    const [room] = findings(jsonOf(JSON.stringify(lists).slice(1, -1))).rooms;
    expect([room?.aliases, room?.via, room?.allow, room?.helpers].map((list) => list?.length)).toEqual([
      200, 20, 200, 50,
    ]);
    expect(room?.tags).toEqual({ "u.a": { order: 1 } });
    const odd = { aliases: ["x", long, 1], via: ["no server", "s.example"], allow: ["x", null] };
    expect(findings(jsonOf(JSON.stringify(odd).slice(1, -1))).rooms[0]).toMatchObject({
      ...{ aliases: [], via: ["s.example"], allow: [] },
    });
  });

  it("is cut: lines that were not understood", () => {
    for (const file of [`!${"x".repeat(200)}:old ${long}`, csvOf("name", "x").replace("!a:x.example", long)])
      expect(findings(file).notUnderstood.first[0]?.text.length).toBeLessThanOrEqual(120);
  });
});
