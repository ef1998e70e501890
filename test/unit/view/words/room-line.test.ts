import { describe, expect, it } from "vitest";
import { paragraph } from "../../../../src/view/document/document.ts";
import { renderHtml } from "../../../../src/view/document/html.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import type { NamedRoom } from "../../../../src/view/words/room-line.ts";
import { roomNames, shownRoomName } from "../../../../src/view/words/room-line.ts";

const ID = "!choir:old.example";
const LINK = "https://matrix.to/#/!choir%3Aold.example?via=old.example";

function shown(room: Partial<NamedRoom>, isAmbiguous = false) {
  const document = [
    paragraph(...shownRoomName({ roomId: ID, name: "Choir", alias: null, ...room }, isAmbiguous)),
  ];
  return { html: renderHtml(document), text: renderPlainText(document) };
}

describe("a room in a message", () => {
  it.each<{ name: string; room: Partial<NamedRoom>; html: string; text: string }>([
    {
      name: "with a name",
      room: {},
      html: `<strong><a href="${LINK}">Choir</a></strong>`,
      text: `Choir ${ID}`,
    },
    {
      name: "with an alias",
      room: { alias: "#choir:old.example" },
      html: `<strong><a href="${LINK}">Choir</a></strong>`,
      text: "Choir #choir:old.example",
    },
    {
      name: "without a name",
      room: { name: null },
      html: `<a href="${LINK}"><code>${ID}</code></a>`,
      text: ID,
    },
    {
      name: "with a name of invisible characters",
      room: { name: "\u200B\u2066" },
      html: `<a href="${LINK}"><code>${ID}</code></a>`,
      text: ID,
    },
    {
      name: "with helpers on other servers",
      room: {
        roomId: "!hash",
        helpers: [
          { userId: "@a:one.example:8448", displayName: null, power: 100 },
          { userId: "@b:one.example:8448", displayName: null, power: 50 },
          { userId: "@c:two.example", displayName: null, power: 50 },
        ],
      },
      html: `<strong><a href="https://matrix.to/#/!hash?via=one.example%3A8448&amp;via=two.example">Choir</a></strong>`,
      text: "Choir !hash",
    },
    {
      name: "whose name looks like a link and a mention",
      room: { name: "@victim:x.org </a><b>" },
      html: `<strong><a href="${LINK}">@\u2060victim:\u2060x.\u2060org &lt;/\u2060a&gt;&lt;b&gt;</a></strong>`,
      text: `@\u2060victim:\u2060x.\u2060org </\u2060a><b> ${ID}`,
    },
    {
      name: "that its server calls like a person",
      room: { roomId: "@victim:x.org" },
      html: "<strong>Choir</strong> <code>@victim:x.org</code>",
      text: "Choir @victim:x.org",
    },
    {
      name: "with half a surrogate pair in its ID",
      room: { roomId: "!\ud800:x.org", name: "Tea" },
      html: `<strong><a href="https://matrix.to/#/!%EF%BF%BD%3Ax.org?via=x.org">Tea</a></strong>`,
      text: "Tea !:x.org",
    },
  ])("is a link by its ID: $name", ({ room, html, text }) => {
    expect(shown(room)).toEqual({ html, text });
  });

  it("shows its ID beside a name that another room of the list has as well", () => {
    const room = (roomId: string, name: string): NamedRoom => ({ roomId, name, alias: null });
    const rooms = [room("!a:x.org", "Choir"), room("!b:x.org", "choir "), room("!c:x.org", "Tea")];
    const names = rooms.map(roomNames(rooms)).map((name) => renderHtml([paragraph(...name)]));
    expect(names.map((html) => html.includes("<code>"))).toEqual([true, true, false]);
    expect(shown({}, true).text).toBe(`Choir ${ID}`);
  });
});
