import { describe, expect, it } from "vitest";
import { readFile } from "../../../../../src/platforms/matrix/files/read-file.ts";

/** The rooms and people of a file, as short texts. */
function found(content: string) {
  const read = readFile(Buffer.from(content));
  if (read.status !== "read") throw new Error(`refused: ${read.mistake}`);
  const { format, rooms, contacts, notUnderstood } = read.findings;
  return {
    format,
    rooms: rooms.map(({ roomId, name, via }) =>
      [roomId, ...(name === null ? [] : [name]), ...(via.length === 0 ? [] : [via.join("+")])].join(" "),
    ),
    people: contacts.map(({ userId }) => userId),
    unread: notUnderstood.first.map(({ line, text }) => `${line}: ${text}`),
  };
}

const lines = (...text: string[]) => `${text.join("\r\n")}\r\n`;
const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64").replace(/.{76}/gu, "$&\r\n");

const HEAD = [
  "Return-Path: <ann@third.example>",
  "Received: from mx.third.example (mx.third.example [192.0.2.1])",
  "\tby mail.new.example; Sat, 31 Jan 2026 12:00:00 +0000",
  "From: Ann <ann@third.example>",
  "Subject: Your rooms",
  "MIME-Version: 1.0",
];

const ROOMS_FILE = JSON.stringify({
  ...{ schema: 1, kind: "rooms", account: "@me:old.example" },
  rooms: [{ roomId: "!choir:old.example", name: "Choir", allow: ["!space:old.example"] }],
});

describe("a saved mail", () => {
  it.each([
    {
      name: "in quoted-printable",
      mail: lines(
        ...HEAD,
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "I was in !abc:old.exa=",
        "mple, #caf=C3=A9:third.example and https://matrix.to/#/!def:old.example?via=3Do=",
        "ne.example",
        "Ask =40ann:third.example=2E",
      ),
      rooms: ["!def:old.example one.example", "!abc:old.example", "#café:third.example"],
      people: ["@ann:third.example"],
    },
    {
      name: "in base64",
      mail: lines(
        ...HEAD,
        'Content-Type: text/plain;\r\n\tcharset="iso-8859-1"',
        "Content-Transfer-Encoding: BASE64",
        "",
        base64(Buffer.from(`${"Dear Ada, ".repeat(20)}\n#café:third.example\n!abc:old.example`, "latin1")),
      ),
      rooms: ["#café:third.example", "!abc:old.example"],
      people: [],
    },
    {
      name: "with parts within parts",
      mail: lines(
        ...HEAD,
        "Content-Type: multipart/mixed;",
        ' boundary="=_outer"',
        "",
        "This is a mail in MIME.",
        "--=_outer",
        "Content-Type: multipart/alternative; boundary=inner",
        "",
        "--inner",
        "Content-Type: text/plain",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "!abc:old.=",
        "example",
        "--inner",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        base64('<p>At <a href="https://matrix.to/#/!def:old.example?via=one.example">Die Küche</a></p>'),
        "--inner--",
        "",
        "--=_outer",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        "",
        base64("!picture:old.example"),
        "--=_outer",
        "Content-Type: application/octet-stream",
        "Content-Transfer-Encoding: base64",
        "",
        base64("!binary:old.example\0"),
        "--=_outer--",
        "!after:old.example",
      ),
      rooms: ["!abc:old.example", "!def:old.example Die Küche one.example", "!after:old.example"],
      people: [],
    },
    {
      name: "with a forwarded mail",
      mail: lines(
        ...HEAD,
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "From: Bo <bo@third.example>",
        "Content-Transfer-Encoding: base64",
        "",
        base64("!abc:old.example"),
        "--b--",
      ),
      rooms: ["!abc:old.example"],
      people: [],
    },
    {
      name: "among others in an mbox file",
      mail: lines(
        "From ann@third.example Sat Jan 31 12:00:00 2026",
        "Subject: plain =40no:third.example",
        "",
        "!abc:old.example, and 1=2",
        "",
        "From - Sat Jan 31 12:00:00 2026",
        ...HEAD,
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "From here on: =21def:old.example",
        "",
        "From bo@third.example Sat Jan 31 13:00:00 2026",
        "",
        "=21no:old.example",
      ),
      rooms: ["!abc:old.example", "!def:old.example"],
      people: [],
    },
  ])("$name is decoded", ({ mail, rooms, people }) => {
    expect(found(mail)).toEqual({ format: "text", rooms, people, unread: [] });
  });

  it("names the lines of the file", () => {
    const encoded = lines(
      ...HEAD,
      "Content-Type: multipart/mixed; boundary=b",
      "",
      "--b",
      "Content-Transfer-Encoding: quoted-printable",
      "",
      "A line th=",
      "at was cut.",
      "!cut:=",
      "old",
      "--b",
      "Content-Transfer-Encoding: base64",
      "",
      base64(`${"Dear Ada,\n".repeat(30)}!cut2:old`),
      "--b",
      "",
      "!cut3:old",
    );
    const line = (text: string) => encoded.split("\r\n").indexOf(text) + 1;
    const { first } = { first: found(`${encoded}!abc:old.example`).unread };
    expect(first).toEqual([
      `${line("!cut:=")}: !cut:old`,
      `${line("Content-Transfer-Encoding: base64") + 2}: !cut2:old`,
      `${line("!cut3:old")}: !cut3:old`,
    ]);
  });

  it("gives the bot's own files that are attached to it, whole", () => {
    const attached = (content: string) => [
      "--b",
      'Content-Type: application/json; name="rooms-ada.json"',
      "Content-Transfer-Encoding: base64",
      "",
      base64(content),
    ];
    const settings = ROOMS_FILE.replace('"rooms"', '"data"');
    const others = ROOMS_FILE.replace("@me:", "@you:").replace("!choir:", "!others:");
    const mail = lines(
      ...HEAD,
      "Content-Type: multipart/mixed; boundary=b",
      "",
      "--b",
      "",
      "Keep these. !text:old.example",
      ...[ROOMS_FILE, settings, others].flatMap(attached),
      "--b--",
    );
    expect(found(mail)).toEqual({
      ...{ format: "rooms", rooms: ["!choir:old.example Choir"], people: [], unread: [] },
    });
    const read = readFile(Buffer.from(mail));
    expect(read).toMatchObject({ findings: { account: "@me:old.example", data: { accountData: {} } } });
    expect(
      readFile(Buffer.from(mail.replace(base64(ROOMS_FILE), base64('{"schema":2,"kind":"rooms"}')))),
    ).toEqual({
      status: "refused",
      mistake: "newer_schema",
    });
  });

  it("that is none is read as it stands", () => {
    const notes =
      "Rooms: =21no:old.example\nContent-Transfer-Encoding: quoted-printable is a header.\n\n!abc:old.=\nexample";
    expect(found(notes)).toMatchObject({ rooms: [], unread: ["4: !abc:old.="] });
    expect(found("From: Ann\n\nmine is !abc:old.example, =40ann:x.example").rooms).toEqual([
      "!abc:old.example",
    ]);
  });
});
