import { expect, it } from "vitest";
import { isWholeAnswer } from "../../lab/bot-answer.ts";
import type { SeenMessage } from "../../lab/person/protocol.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { askingServers } from "../../../src/view/account/accounts.ts";
import { stoppingAfterRequest } from "../../../src/view/migrate/pause.ts";
import { lookingWhatToUndo } from "../../../src/view/migrate/undo.ts";
import { readingAccounts, readingProgress } from "../../../src/view/account/reading.ts";
import { readingRooms } from "../../../src/view/rooms/rooms.ts";
import { askingServer } from "../../../src/view/account/sign-in.ts";

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
  readingProgress({ serverName: "old.example", read: 5, total: 9 }),
  readingRooms(),
  lookingWhatToUndo(),
  stoppingAfterRequest(),
])("what the bot says while an answer is being made is none, until it is replaced (%#)", ({ document }) => {
  const note = message({ body: renderPlainText(document) });
  expect(isWholeAnswer(note)).toBe(false);
  expect(isWholeAnswer({ ...note, latestEditContent: { body: "The move is paused." } })).toBe(true);
});

it.each([
  ["a text", message({ body: "Reading lists are not moved." }), true],
  ["a file", message({ body: "report-1.json", filename: "report-1.json" }), false],
  ["a removed message", message({}, { isRedacted: true }), false],
  ["what could not be read", message({}, { type: "m.room.encrypted" }), false],
])("%s", (_what, seen, isAnswer) => {
  expect(isWholeAnswer(seen)).toBe(isAnswer);
});
