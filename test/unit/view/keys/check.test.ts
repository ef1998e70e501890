import { describe, expect, it } from "vitest";
import type { KeyBackup } from "../../../../src/model/key-backup.ts";
import type { CheckedRoom, KeyCheck } from "../../../../src/platforms/key-check.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { keyCheck } from "../../../../src/view/keys/check.ts";
import { EVIL, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const BACKUP: KeyBackup = { kind: "known", version: "1", publicKey: "x", count: 9, isSigned: null };
const NO_BACKUP: KeyBackup = { kind: "none", isSwitchedOff: false };

function room(changes: Partial<CheckedRoom> = {}): CheckedRoom {
  return { roomId: "!a:x.org", name: "Alpha", seen: 1_000, readable: 1_000, hidden: 0, ...changes };
}

function rooms(count: number): CheckedRoom[] {
  return Array.from({ length: count }, (_, place) =>
    room({ roomId: `!r${String(place)}:x.org`, name: `Room ${String(place + 1)}` }),
  );
}

function check(changes: Partial<KeyCheck> = {}): KeyCheck {
  return { rooms: [room()], unknownRooms: [], targetBackup: BACKUP, ...changes };
}

const textOf = (changes: Partial<KeyCheck>): string =>
  renderPlainText(keyCheck(check(changes), "!").document);

describe("a line of a check", () => {
  it.each<{ name: string; changes: Partial<CheckedRoom>; line: string }>([
    { name: "all keys", changes: {}, line: "the key of 1,000 of 1,000 messages" },
    { name: "some keys", changes: { readable: 962 }, line: "the key of 962 of 1,000 messages" },
    { name: "one message", changes: { seen: 1, readable: 0 }, line: "the key of 0 of 1 message" },
    {
      name: "hidden messages",
      changes: { hidden: 30 },
      line: "the key of 1,000 of 1,000 messages; your new account's server hides 30",
    },
    {
      name: "a room that the new account is not in",
      changes: { hidden: "not_in_room" },
      line: "the key of 1,000 of 1,000 messages; your new account is not in the room yet",
    },
    {
      name: "a room that the new account's server does not show",
      changes: { hidden: "unknown" },
      line: "the key of 1,000 of 1,000 messages; your new account's server does not show this room now",
    },
    {
      name: "a room that the old account's server does not show",
      changes: { seen: null, readable: 0, hidden: "unknown" },
      line: "your old account's server does not show this room now",
    },
    { name: "no message", changes: { seen: 0, readable: 0 }, line: "no encrypted message" },
  ])("$name", ({ changes, line }) => {
    expect(`${textOf({ rooms: [room(changes)] })}\n`).toContain(`\n- Alpha !a:x.org: ${line}\n`);
  });
});

describe("the end of a check", () => {
  const KEPT = "What the history setting of a room hides stays hidden.";
  it.each<{ name: string; changes: Partial<KeyCheck>; summary: string; step: string }>([
    {
      name: "everything can be read",
      changes: {},
      summary: "Your new account's backup has the key of 1,000 of 1,000 messages in 1 encrypted room.",
      step: "An open app shows them after a reload: Element Web with Ctrl-R, Element X closed and opened again.",
    },
    {
      name: "keys are missing, and a server hides messages",
      changes: {
        rooms: [room({ readable: 0, hidden: 40 }), room({ roomId: "!b:x.org", hidden: "not_in_room" })],
      },
      summary:
        "Your new account's backup has the key of 1,000 of 2,000 messages in 2 encrypted rooms. Its server hides 40 of them. Your new account is not in 1 room yet.",
      step: `!keys copy copies the keys that your old account's backup has. ${KEPT}`,
    },
    {
      name: "nothing can be seen now",
      changes: { rooms: [room({ seen: null, readable: 0, hidden: "unknown" })] },
      summary: "I see no encrypted message in 1 encrypted room of your old account.",
      step: "Please try again later.",
    },
    {
      name: "no backup",
      changes: { rooms: [room({ readable: 0 })], targetBackup: NO_BACKUP },
      summary: "Your new account's backup has the key of 0 of 1,000 messages in 1 encrypted room.",
      step: "Your new account has no key backup that I know. !keys status says what to do.",
    },
  ])("$name", ({ changes, summary, step }) => {
    const paragraphs = textOf(changes).split("\n\n");
    expect(paragraphs[0]).toBe(summary);
    expect(paragraphs.at(-1)).toBe(step);
  });

  it("names words that are no encrypted room", () => {
    const unknown = "Not among your old account's encrypted rooms: #x:x.org, Family.";
    expect(textOf({ unknownRooms: ["#x:x.org", "Family"] })).toContain(unknown);
    expect(textOf({ rooms: [], unknownRooms: ["#x:x.org", "Family"] })).toBe(unknown);
    expect(textOf({ rooms: [] })).toBe(
      "Your old account is in no encrypted room, so there is nothing to check.",
    );
  });
});

describe("the rooms of a check", () => {
  it("are ten in the message, and all in a file", () => {
    const { attachments, document } = keyCheck(check({ rooms: rooms(12) }), "!");
    const lines = renderPlainText(document).split("\n");
    expect(lines.filter((line) => line.startsWith("- "))).toHaveLength(10);
    expect(lines).toContain("The file has all 12 rooms.");
    const [file] = attachments ?? [];
    expect(file).toMatchObject({ fileName: "keys-check.txt", mimeType: "text/plain" });
    expect(file?.bytes.toString().trimEnd().split("\n")).toHaveLength(12);
  });

  it("need no file if they fit", () => {
    expect(keyCheck(check({ rooms: rooms(10) }), "!").attachments).toBeUndefined();
  });
});

keepsTheRulesOfMessages([
  { name: "a check", message: keyCheck(check({ rooms: rooms(12), unknownRooms: ["x"] }), "!") },
  { name: "a check without a backup", message: keyCheck(check({ targetBackup: NO_BACKUP }), "!") },
  { name: "a check of nothing", message: keyCheck(check({ rooms: [] }), "!") },
  {
    name: "a check of hostile names",
    message: keyCheck(
      check({ rooms: [room({ name: EVIL, roomId: EVIL }), room({ name: EVIL })], unknownRooms: [EVIL] }),
      "!",
    ),
  },
]);
