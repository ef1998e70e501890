import { expect, it } from "vitest";
import { askingServers } from "../../../src/view/account/accounts.ts";
import { askingAboutRooms, readingAccounts, readingProgress } from "../../../src/view/account/reading.ts";
import { askingServer } from "../../../src/view/account/sign-in.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { readingFile } from "../../../src/view/files/import.ts";
import { openingFile } from "../../../src/view/keys/import.ts";
import { openingBackup } from "../../../src/view/keys/opening.ts";
import { stoppingAfterRequest } from "../../../src/view/migrate/pause.ts";
import { lookingWhatToUndo } from "../../../src/view/migrate/undo.ts";
import { readingRooms } from "../../../src/view/rooms/rooms.ts";
import { isWholeAnswer } from "../../lab/bot-answer.ts";
import type { SeenMessage } from "../../lab/person/protocol.ts";

function message(content: Record<string, unknown>, changes: Partial<SeenMessage> = {}): SeenMessage {
  return {
    ...{
      roomId: "!r:x",
      eventId: "$1",
      sender: "@mover:x",
      type: "m.room.message",
      content,
      isEncrypted: false,
    },
    ...{ shield: null, isRedacted: false, relation: null, timestamp: 0 },
    ...changes,
  };
}

it.each([
  askingServers(),
  askingServer("old.example"),
  readingAccounts(),
  askingAboutRooms("new.example"),
  readingProgress({ of: "account", serverName: "old.example", read: 5, total: 9 }),
  readingProgress({ of: "file", serverName: "new.example", read: 5, total: 9 }),
  readingProgress({ of: "servers", read: 5, total: 9 }),
  readingRooms(),
  readingFile(),
  lookingWhatToUndo(),
  openingBackup(),
  openingFile(),
  stoppingAfterRequest(),
])("what the bot says while an answer is being made is none, until it is replaced (%#)", ({ document }) => {
  const note = message({ body: renderPlainText(document) });
  expect(isWholeAnswer(note)).toBe(false);
  expect(isWholeAnswer({ ...note, latestEditContent: { body: "The move is paused." } })).toBe(true);
});

it.each([
  { name: "a text", seen: message({ body: "Reading lists are not moved." }), isAnswer: true },
  { name: "a file", seen: message({ body: "report-1.json", filename: "report-1.json" }), isAnswer: false },
  { name: "a removed message", seen: message({}, { isRedacted: true }), isAnswer: false },
  { name: "what could not be read", seen: message({}, { type: "m.room.encrypted" }), isAnswer: false },
])("$name", ({ seen, isAnswer }) => {
  expect(isWholeAnswer(seen)).toBe(isAnswer);
});
