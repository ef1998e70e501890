import { describe, expect, it } from "vitest";
import { idsInLine } from "../../../../../src/platforms/matrix/files/ids-in-text.ts";
import { readFile } from "../../../../../src/platforms/matrix/files/read-file.ts";

/** What a line names, as short texts: IDs, then the words of the link and the servers. */
function named(line: string): string[] {
  const { rooms, people } = idsInLine(line);
  return [...rooms, ...people].map(({ id, name, via }) =>
    [id, ...(name === null ? [] : [name]), ...(via.length === 0 ? [] : [via.join("+")])].join(" "),
  );
}

const HASH = `!${"A1b2C3d4E5f6G7h8I9-_".repeat(3).slice(0, 43)}`;
const ENDS_WITH_SIGN = `!${"A1b2C3d4E5f6G7h8I9j0".repeat(3).slice(0, 42)}_`;

describe("a line names rooms and people", () => {
  it.each([
    ...["(!a:x.example)", "[!a:x.example]", "{!a:x.example}", "<!a:x.example>", "`!a:x.example`"],
    ...['"!a:x.example"', "'!a:x.example'", "“!a:x.example”", "„!a:x.example“", "«!a:x.example»"],
    ...["‘!a:x.example’s", "*!a:x.example*", "**!a:x.example**", "_!a:x.example_", "__!a:x.example__"],
    ...["~~!a:x.example~~", "|!a:x.example|", "- !a:x.example", "-!a:x.example", "* [ ] !a:x.example"],
    ...["!a:x.example.", "!a:x.example,", "!a:x.example;", "!a:x.example:", "!a:x.example!", "!a:x.example?"],
    ...["!a:x.example…", "!a:x.example...", "!a:x.example–ok", "!a:x.example—ok", "!a:x.example/"],
    ...[
      "id=!a:x.example",
      "room_id=!a:x.example, n=1",
      "Room:!a:x.example",
      "加入!a:x.example谢谢",
      "（!a:x.example）",
    ],
    ...[
      "!a:x.example's topic",
      "!a:x.example => left",
      "x\u00a0!a:x.example\u00a0y",
      "\u200b!a:x.example\u200b",
    ],
    ...[
      "x\u200b!a:x.example",
      "!a:\u200bx.example",
      "\ufeff!a:x.example",
      "!a:x\u00ad.example",
      "\u2068!a:x.example\u2069",
    ],
    ...[
      "&#33;a:x.example",
      "&#x21;a:x.example",
      "&excl;a:x.example",
      "&lt;!a:x.example&gt;",
      "&quot;!a:x.example&quot;",
    ],
    ...["&nbsp;!a:x.example&nbsp;", "<td>!a:x.example</td>", "<b>!a:x.example</b>,", "hi\\n!a:x.example\\n"],
    ...['{"room_id":"!a:x.example","type":"m.room.message"}', '\\"!a:x.example\\"', "\\u0021a:x.example"],
    ...["!a%3Ax.example", "https://s.example/_matrix/client/v3/rooms/!a:x.example/messages?dir=b"],
    ...["https://s.example/_matrix/client/v3/rooms/%21a%3Ax.example/join", "?room=%21a%3Ax.example&x=1"],
    ...["https://app.cinny.in/home/!a:x.example/", "https://fluffychat.im/web/#/rooms/!a:x.example"],
    ...[
      "https://hydrogen.element.io/#/session/12/room/!a:x.example",
      "https://chat.example/?x=1#/room/!a:x.example",
    ],
    ...["element://vector/webapp/#/room/!a:x.example", "https://app.element.io/#/room/!a:x.example"],
    ...[
      "https://develop.element.io/#/room/!a:x.example/$event:x.example",
      "https:\\/\\/matrix.to\\/#\\/!a:x.example",
    ],
    ...[
      "https://matrix.to/#/!a:x.example.",
      "(https://matrix.to/#/!a:x.example)",
      "<https://matrix.to/#/!a:x.example>",
    ],
    ...[
      "“https://matrix.to/#/!a:x.example”",
      "https://matrix.to/#/!a%3Ax.example/%24event",
      "matrix:roomid/a:x.example.",
    ],
    ...["matrix:roomid/a:x.example/e/event", "matrix:roomid/a%3Ax.example", "**!a:x.example**: my room"],
  ])("!a:x.example in “%s”", (line) => {
    expect(named(line)).toEqual(["!a:x.example"]);
    expect(idsInLine(line).unread).toBeNull();
  });

  it.each([
    { line: `The new one is ${HASH}.`, is: [HASH] },
    { line: `(${HASH}) [${ENDS_WITH_SIGN}]`, is: [HASH, ENDS_WITH_SIGN] },
    { line: `https://matrix.to/#/${HASH}/$event?via=one.example`, is: [`${HASH} one.example`] },
    { line: `matrix:roomid/${HASH.slice(1)}?via=one.example&action=join`, is: [`${HASH} one.example`] },
    { line: `${HASH}: The Choir`, is: [HASH] },
    { line: `${HASH}:x.example`, is: [`${HASH}:x.example`] },
  ])("a room ID without a server: $line", ({ line, is }) => {
    expect(named(line)).toEqual(is);
  });

  it.each([
    { line: "!a:x.example:8448, #b:x.example:443.", is: ["!a:x.example:8448", "#b:x.example:443"] },
    { line: "!a:[2001:db8::1]:8448 (@b:[::1])", is: ["!a:[2001:db8::1]:8448", "@b:[::1]"] },
    { line: "https://matrix.to/#/!a:[2001:db8::1]:8448?via=[2001:db8::1]", is: ["!a:[2001:db8::1]:8448"] },
    { line: "!a:192.0.2.1:80 and #b:localhost:8008", is: ["!a:192.0.2.1:80", "#b:localhost:8008"] },
    { line: "https://matrix.to/#/%21a%3A%5B2001%3Adb8%3A%3A1%5D", is: ["!a:[2001:db8::1]"] },
  ])("servers with ports and addresses: $line", ({ line, is }) => {
    expect(named(line).map((text) => text.split(" ")[0])).toEqual(is);
  });

  it.each([
    {
      line: "12:30 <@ann:x.example> hi @bo:x.example: see #choir:x.example!",
      is: ["#choir:x.example", "@ann:x.example", "@bo:x.example"],
    },
    {
      line: "2026-01-31 12:00:00\t-->\tann (@ann:x.example) has joined #choir:x.example",
      is: ["#choir:x.example", "@ann:x.example"],
    },
    { line: "[12:30:05] <ann> irc.oftc.net #matrix topic: !a:x.example", is: ["!a:x.example"] },
    { line: "12:30 -!- ann [~ann@host.example] has joined #choir", is: [] },
    {
      line: "This is the start of export of Choir. Exported by @me:x.example at 31/01/2026.",
      is: ["@me:x.example"],
    },
    {
      line: '<a class="mx_Pill" href="https://matrix.to/#/@ann:x.example"><span>Ann &amp; Bo</span></a>: hi',
      is: ["@ann:x.example Ann & Bo"],
    },
    {
      line: "<a href='https://matrix.to/#/!a:x.example?via=o.example&amp;via=t.example' rel=x>The <b>Choir</b></a>",
      is: ["!a:x.example The  Choir o.example+t.example"],
    },
    {
      line: "[The Choir](<https://matrix.to/#/#choir:x.example>) and [#b:x.example](https://matrix.to/#/%23b:x.example)",
      is: ["#choir:x.example The Choir", "#b:x.example", "#b:x.example"],
    },
    { line: "#caf\\_é:x.example and #büro:x.example", is: ["#caf_é:x.example", "#büro:x.example"] },
    {
      line: "https://eu.safelinks.example/?url=https%3A%2F%2Fmatrix.to%2F%23%2F!a%3Ax.example%3Fvia%3Do.example&data=05",
      is: ["!a:x.example o.example"],
    },
    {
      line: "https://www.search.example/url?q=https://matrix.to/%23/%2523choir%253Ax.example&sa=D",
      is: ["#choir:x.example"],
    },
    {
      line: "matrix:r/choir:x.example?via=o.example&action=join, matrix:u/ann:x.example?action=chat",
      is: ["#choir:x.example o.example", "@ann:x.example"],
    },
    {
      line: '"via":"https:\\/\\/matrix.to\\/#\\/!a:x.example?via=o.example\\u0026via=t.example"',
      is: ["!a:x.example o.example+t.example"],
    },
    {
      line: "&commat;ann&#58;x.example &#64;bo:x.example &num;choir:x.example",
      is: ["#choir:x.example", "@bo:x.example"],
    },
    {
      line: "@_irc_ann=2f:x.example @ann.b-c+d/e:x.example",
      is: ["@_irc_ann=2f:x.example", "@ann.b-c+d/e:x.example"],
    },
    { line: "@Ann:X.Example", is: ["@Ann:X.Example"] },
  ])("as real files have them: $line", ({ line, is }) => {
    expect(named(line)).toEqual(is);
    expect(idsInLine(line).unread).toBeNull();
  });

  it.each([
    ...["mailto:ann@x.example", "Ann <ann@x.example>: hi", "ann.b+c@x.example:25", "foo-@x.example:25"],
    ...["@ann@social.example", "git@git.example:ann/repo.git", "ssh://ann@host.example:2222/x"],
    ...[
      "https://x.example/page#part:one.two",
      "https://x.example/#part:one.two",
      "https://x.example/?a=b&#39;",
    ],
    ...[
      "meet @ 10:30, @10:30pm, @10:30",
      "a#link:hover, #main:before { }",
      "!important; #fff: x",
      "wow!!: x",
    ],
    ...["postgres://ann:secret@db.example:5432/x", "C#:x.example", "1!a:x.example", "@room: hello"],
    ...["&#64;ann", "@ann: x.example", "#choir : x.example", "<@op> hi", "*!*@*.example"],
  ])("nobody and nothing in “%s”", (line) => {
    expect(named(line)).toEqual([]);
    expect(idsInLine(line).unread).toBeNull();
  });

  it.each([
    { line: "!cut:old", unread: "!cut:old" },
    { line: "look at @me:old_example please", unread: "@me:old_example" },
    { line: "!a:x.exämple", unread: "!a:x.exämple" },
    { line: "https://matrix.to/#/!cut:old", unread: "/#/!cut:old" },
    { line: "#choir:x..example", unread: "#choir:x..example" },
  ])("or is not understood: $line", ({ line, unread }) => {
    expect(named(line)).toEqual([]);
    expect(idsInLine(line).unread).toBe(unread);
  });
});

describe("a file in one line", () => {
  it("has no ID that is cut, although it is read in pieces", () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `!room${index}:old.example`);
    const read = readFile(Buffer.from(JSON.stringify({ ids, text: "x" })));
    if (read.status !== "read") throw new Error(read.mistake);
    expect(read.findings.rooms.map(({ roomId }) => roomId)).toEqual(ids);
    expect(read.findings.notUnderstood.total).toBe(0);
  });

  it("shows what was not understood, not the start of the line", () => {
    const read = readFile(Buffer.from(`!a:x.example ${"word ".repeat(100)} !cut:old ${"word ".repeat(100)}`));
    expect(read).toMatchObject({
      findings: { notUnderstood: { first: [{ line: 1, text: "!cut:old" }], total: 1 } },
    });
  });
});
