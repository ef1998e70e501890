import type { CheckedRoom, KeyCheck } from "../../platforms/key-check.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice, textFile } from "../document/message.ts";
import { counted, formatCount, plural } from "../document/numbers.ts";
import { renderPlainText } from "../document/plain-text.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { roomNames } from "../words/room-line.ts";

/** Rooms in the message. A file has all of them if there are more. */
const MAX_LINES = 10;

/** What the new account can read, a line a room. */
export function keyCheck({ rooms, unknownRooms, targetBackup }: KeyCheck, prefix: string): Message {
  const unknown = unknownNote(unknownRooms);
  if (rooms.length === 0)
    return unknown.length > 0
      ? notice(...unknown)
      : notice(paragraph("Your old account is in no encrypted room, so there is nothing to check."));
  const nameOf = roomNames(rooms.map(asNamed));
  const lines = rooms.map((room) => [...nameOf(asNamed(room)), ": ", ...line(room)]);
  const step = nextStep(rooms, targetBackup.kind === "known", prefix);
  const isCut = lines.length > MAX_LINES;
  return {
    ...notice(
      summary(rooms),
      list(lines.slice(0, MAX_LINES)),
      ...(isCut ? [paragraph(`The file has all ${lines.length} rooms.`)] : []),
      ...unknown,
      ...(step.length === 0 ? [] : [paragraph(...step)]),
    ),
    ...(isCut && {
      attachments: [textFile("keys-check.txt", [renderPlainText([list(lines)])])],
    }),
  };
}

function asNamed({ roomId, name }: CheckedRoom) {
  return { roomId, name, alias: null };
}

function line({ seen, readable, hidden }: CheckedRoom): Inline[] {
  if (seen === null) return ["your old account's server does not show this room now"];
  if (seen === 0) return ["no encrypted message"];
  const keys = `the key of ${formatCount(readable)} of ${messages(seen)}`;
  switch (hidden) {
    case "not_in_room":
      return [keys, "; your new account is not in the room yet"];
    case "unknown":
      return [keys, "; your new account's server does not show this room now"];
    case 0:
      return [keys];
    default:
      return [keys, `; your new account's server hides ${formatCount(hidden)}`];
  }
}

function summary(rooms: readonly CheckedRoom[]): Block {
  const seen = sum(rooms.map((room) => room.seen ?? 0));
  const where = counted(rooms.length, "encrypted room");
  if (seen === 0) return paragraph(`I see no encrypted message in ${where} of your old account.`);
  const readable = sum(rooms.map((room) => room.readable));
  const hidden = sum(rooms.map((room) => (typeof room.hidden === "number" ? room.hidden : 0)));
  const outside = rooms.filter((room) => room.hidden === "not_in_room").length;
  return paragraph(
    "Your new account's backup has the key of ",
    strong(`${formatCount(readable)} of ${formatCount(seen)}`),
    ` ${plural(seen, "message")} in ${where}.`,
    ...(hidden === 0 ? [] : [` Its server hides ${formatCount(hidden)} of them.`]),
    ...(outside === 0 ? [] : [` Your new account is not in ${counted(outside, "room")} yet.`]),
  );
}

function nextStep(rooms: readonly CheckedRoom[], hasBackup: boolean, prefix: string): Inline[] {
  if (rooms.every(({ seen }) => (seen ?? 0) === 0))
    return rooms.some(({ seen }) => seen === null) ? ["Please try again later."] : [];
  if (!hasBackup)
    return [
      "Your new account has no key backup that I know. ",
      code(`${prefix}keys status`),
      " says what to do.",
    ];
  const hides = rooms.some(({ hidden }) => typeof hidden === "number" && hidden > 0);
  const kept = hides ? " What the history setting of a room hides stays hidden." : "";
  const isComplete = rooms.every(({ seen, readable }) => readable === (seen ?? 0));
  return isComplete
    ? [
        `An open app shows them after a reload: Element Web with Ctrl-R, Element X closed and opened again.${kept}`,
      ]
    : [code(`${prefix}keys copy`), ` copies the keys that your old account's backup has.${kept}`];
}

function messages(amount: number): string {
  return `${formatCount(amount)} ${plural(amount, "message")}`;
}

function unknownNote(words: readonly string[]): Block[] {
  if (words.length === 0) return [];
  const named = words.map((word) => code(untrustedCode(word)));
  return [paragraph("Not among your old account's encrypted rooms: ", ...join(named, ", "), ".")];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
