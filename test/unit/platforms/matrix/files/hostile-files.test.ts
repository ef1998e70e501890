import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { MAX_IMPORT_BYTES } from "../../../../../src/platforms/files.ts";
import { FileReader } from "../../../../../src/platforms/matrix/files/file-reader.ts";
import { readFile } from "../../../../../src/platforms/matrix/files/read-file.ts";
import { temporaryFolder } from "../../../../support/store/temporary-store.ts";

const KNOWN = "!abc:old.example";

/** Rooms that are found, or why none is. */
function outcome(bytes: Buffer) {
  const read = readFile(bytes);
  return read.status === "refused" ? read.mistake : read.findings.rooms.map(({ roomId }) => roomId);
}

const deep = (open: string, close: string) => `${open.repeat(100_000)}${close.repeat(100_000)}`;
const billion = ["a: &a [x, x, x, x, x, x, x, x, x]", ..."bcdefghi".split("")].reduce(
  (text, name, index) => `${text}\n${name}: &${name} [${`*${"abcdefghi"[index - 1] ?? "a"}, `.repeat(9)}1]`,
);

describe("a hostile file does no harm", () => {
  it.each([
    { name: "deep arrays", file: deep("[", "]"), is: "too_deep" },
    { name: "deep objects", file: deep('{"a":', "}"), is: "too_deep" },
    {
      name: "deep settings",
      file: `{"schema":1,"kind":"data","accountData":${deep('{"a":', "}")}}`,
      is: "too_deep",
    },
    { name: "a billion laughs", file: `roomSave:\n  - id: "${KNOWN}"\n${billion}\nx: *i\n`, is: [KNOWN] },
    { name: "YAML tags", file: `roomSave: !!js/function "x"\nlist:\n  - id: ${KNOWN}\n`, is: [KNOWN] },
    {
      name: "YAML that merges",
      file: `base: &base {id: "${KNOWN}"}\nroomSave:\n  - <<: *base\n`,
      is: [KNOWN],
    },
    { name: "YAML that is cut off", file: `roomSave:\n  - id: "${KNOWN}"\n    name: 'Choir`, is: [KNOWN] },
    { name: "JSON that is cut off", file: `{"rooms":[{"roomId":"${KNOWN}"`, is: [KNOWN] },
    {
      name: "a prototype",
      file: `{"schema":1,"kind":"rooms","__proto__":{"rooms":[1]},"rooms":[{"roomId":"${KNOWN}","__proto__":{"x":1}}]}`,
      is: [KNOWN],
    },
    { name: "CSV with an open quote", file: `roomId,membership,name\r\n${KNOWN},join,"open`, is: [KNOWN] },
    { name: "an empty file", file: "", is: "empty" },
    { name: "spaces", file: " \r\n\t ", is: "empty" },
    { name: "no ID at all", file: "Dear Ada, all is well.", is: "empty" },
    { name: "NUL bytes", file: `${KNOWN}\0\0`, is: "not_text" },
    { name: "a ZIP file", file: "PK\u0003\u0004rest", is: "not_text" },
    {
      name: "HTML in a name",
      file: `{"schema":1,"kind":"rooms","rooms":[{"roomId":"${KNOWN}","name":"<img src=x onerror=alert(1)>\u202e"}]}`,
      is: [KNOWN],
    },
  ])("$name", ({ file, is }) => {
    expect(outcome(Buffer.from(file, "latin1"))).toEqual(is);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("keeps a bounded number of very many IDs", () => {
    const rooms = Array.from(
      { length: 40_000 },
      (_, index) => `!${index}:old.example @p${index}:old.example`,
    );
    const read = readFile(Buffer.from(rooms.join("\n")));
    if (read.status === "refused") throw new Error(read.mistake);
    expect([read.findings.rooms.length, read.findings.contacts.length]).toEqual([20_000, 20_000]);
  });

  it.each([
    { name: "of one sign", unit: "!" },
    { name: "of colons", unit: ":" },
    { name: "of half links", unit: "matrix.to/#/!" },
    { name: "of brackets", unit: "[](https://matrix.to/#/" },
    { name: "of percent signs", unit: "%21" },
    { name: "of IDs without a space", unit: "@a:b.c," },
  ])("ends soon with a line of two megabytes $name", ({ unit }) => {
    const line = unit.repeat(Math.ceil(2_000_000 / unit.length));
    expect(["read", "refused"]).toContain(readFile(Buffer.from(line)).status);
  });

  it.each([
    { name: "of signs that escape nothing", head: "quoted-printable", body: "=" },
    { name: "of escapes", head: "quoted-printable", body: "=3D" },
    { name: "of lines that were cut", head: "quoted-printable", body: "=\n" },
    { name: "of base64 that is none", head: "base64", body: "*=" },
    { name: "of parts", head: "7bit", body: "--b\n\n" },
    {
      name: "of parts within parts",
      head: "7bit",
      body: "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
    },
    { name: "of attached files", head: "7bit", body: "--b\n\n{}\n" },
    { name: "of mails", head: "7bit", body: "\nFrom a Sat Jan 31 12:00:00 2026\n" },
  ])("ends soon with a mail of two megabytes $name", ({ head, body }) => {
    const headers = `Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: ${head}\n\n`;
    const mail = `${headers}${body.repeat(Math.ceil(2_000_000 / body.length))}`;
    expect(["read", "refused"]).toContain(readFile(Buffer.from(mail)).status);
  });

  it.each([
    { name: "JSON of lists", file: `[${"[],".repeat(2_000_000)}[]]`, is: "empty" },
    { name: "JSON of numbers", file: `{"rooms":[${"1,".repeat(2_000_000)}1],"a":"${KNOWN}"}`, is: [KNOWN] },
    {
      name: "rooms that are none",
      file: `{"schema":1,"kind":"rooms","rooms":[${"{},".repeat(2_000_000)}{}]}`,
      is: "unreadable",
    },
    {
      name: "settings of many values",
      file: `{"schema":1,"kind":"data","profile":{"a":[${"{},".repeat(300_000)}{}]}}`,
      is: "unreadable",
    },
    {
      name: "one person very often",
      file: `{"schema":1,"kind":"rooms","contacts":[${Array.from({ length: 40_000 }, (_, index) => `{"userId":"@a:x.example","rooms":["!${index}:x.example"]}`).join()}]}`,
      is: [],
    },
    { name: "YAML of items", file: `roomSave:\n${"- id: x\n".repeat(100_000)}`, is: [] },
    {
      name: "YAML of one item",
      file: `roomSave:\n- id: "${KNOWN}"\n${"  a: 1\n".repeat(200_000)}`,
      is: [KNOWN],
    },
    {
      name: "YAML of many keys",
      file: `roomSave:\n- id: "${KNOWN}"\n${Array.from({ length: 12_000 }, (_, index) => `k${index}: 1\n`).join("")}`,
      is: [KNOWN],
    },
    { name: "YAML of quotes", file: `roomSave:\n${'- "'.repeat(150_000)}\n`, is: "empty" },
    {
      name: "CSV of columns and rows",
      file: `roomId,membership${",a".repeat(200_000)}\n${`${KNOWN},join\n`.repeat(60_000)}`,
      is: [KNOWN],
    },
    { name: "CSV of empty rows", file: `roomId,membership,\n${"a\n".repeat(200_000)}${KNOWN}`, is: [] },
    {
      name: "CSV of one cell",
      file: `roomId,membership,\n"${"a".repeat(8_000_000)}\n${KNOWN}"`,
      is: [KNOWN],
    },
    ...["@", " ", ";", "@a:", "@ ", " (", " 1", "1", "0.", "a;"].map((unit) => ({
      name: `CSV with a cell of “${unit}”`,
      file: `roomId,membership,tags,helpers,power\n${KNOWN},join${`,"x${unit.repeat(250_000 / unit.length)}y"`.repeat(3)}`,
      is: [KNOWN],
    })),
  ])("ends soon with $name", ({ file, is }) => {
    expect(outcome(Buffer.from(file))).toEqual(is);
  });

  it("crashes on no file that is made at random", () => {
    const parts = [
      "!a:b.c",
      "{",
      "[",
      "roomSave:\n",
      "- id: ",
      '"',
      "'",
      "\n",
      "\0",
      "&a",
      "*a",
      "%",
      "matrix.to/#/",
      "?via=",
      "schema",
      ":1,",
      "é",
      "Content-Type: multipart/mixed; boundary=b\n",
      "Content-Transfer-Encoding: base64\n",
      "--b\n",
      "=\n",
    ];
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 3_000; round += 1) {
      const text = Array.from({ length: next(30) }, () => parts[next(parts.length)] ?? "").join("");
      expect(["read", "refused"]).toContain(readFile(Buffer.from(text)).status);
    }
  });
});

/** The address of a module with this code. */
async function moduleOf(code: string): Promise<URL> {
  const path = join(await temporaryFolder(), "process.ts");
  await writeFile(path, code);
  return pathToFileURL(path);
}

describe("the process that reads a file", () => {
  const log = pino({ level: "silent" });
  const { signal } = new AbortController();

  it("gives what the file says", async () => {
    const read = await new FileReader({ log }).read(Buffer.from(`my room: ${KNOWN}`), signal);
    expect(read).toMatchObject({ status: "read", findings: { rooms: [{ roomId: KNOWN }] } });
  });

  it.each([
    {
      name: "takes too much memory",
      code: "const all = []; for (;;) all.push(new Array(1e6).fill(all.length));",
    },
    { name: "never ends", code: "for (;;);", maxMs: 500 },
    { name: "fails", code: "throw new Error('!secret');" },
    { name: "ends without an answer", code: "process.exit();" },
  ])("is ended if it $name, and the bot goes on", async ({ code, maxMs }) => {
    const entry = await moduleOf(code);
    const reader = new FileReader({ log, entry, ...(maxMs !== undefined && { maxMs }) });
    expect(await reader.read(Buffer.from(KNOWN), signal)).toEqual({
      status: "refused",
      mistake: "unreadable",
    });
  });

  it("knows no secret of the environment", async () => {
    const entry = await moduleOf(
      `process.once("message", () => process.send({ names: Object.keys(process.env) }));`,
    );
    expect(process.env).toHaveProperty("PATH");
    expect(await new FileReader({ log, entry }).read(Buffer.from(KNOWN), signal)).toEqual({ names: [] });
  });

  it("is not ended by a signal to all processes of the bot", async () => {
    const real = new URL(
      "../../../../../src/platforms/matrix/files/file-reading-process.ts",
      import.meta.url,
    );
    const entry = await moduleOf(
      `await import("${real.href}");
      for (const signal of ["SIGINT", "SIGTERM"]) process.kill(process.pid, signal);`,
    );
    const read = await new FileReader({ log, entry }).read(Buffer.from(KNOWN), signal);
    expect(read).toMatchObject({ status: "read", findings: { rooms: [{ roomId: KNOWN }] } });
  });

  it("does not read a file that is too large", async () => {
    const read = await new FileReader({ log }).read(Buffer.alloc(MAX_IMPORT_BYTES + 1, 0x20), signal);
    expect(read).toEqual({ status: "refused", mistake: "too_large" });
  });

  it("ends when the process stops", async () => {
    const stopping = new AbortController();
    const entry = await moduleOf("for (;;);");
    const reading = new FileReader({ log, entry }).read(Buffer.from(KNOWN), stopping.signal);
    stopping.abort(new Error("stop"));
    await expect(reading).rejects.toThrow("stop");
  });
});
