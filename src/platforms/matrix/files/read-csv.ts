import { parse } from "csv-parse/sync";
import type { FileFindings, FileRoom } from "../../../model/room-file.ts";
import type { PowerLevel } from "../../../model/routes.ts";
import { parseUserId } from "../ids/identifiers.ts";
import type { FoundInFile, SketchedRoom } from "./found-in-file.ts";
import { MAX_ENTRIES } from "./found-in-file.ts";
import { HASHED_ID } from "./ids-in-text.ts";

/** The first columns of the two files that the bot writes. */
const ROOMS_START = "roomId,membership,";
const REPORT_START = "roomId,name,alias,route,";

/** Whether a text is a CSV file that the bot wrote. A spreadsheet may quote the names. */
export function isRoomsCsv(text: string): boolean {
  const head = text.slice(0, 200).replaceAll('"', "").replaceAll(";", ",").trimStart();
  return head.startsWith(ROOMS_START) || head.startsWith(REPORT_START);
}

/** Spreadsheets may add some columns. */
const MAX_COLUMNS = 100;

/**
 * Reads a CSV file of rooms, or of a report. A row that is no room is named by its number, as
 * spreadsheets count: a line break within a cell begins no row.
 * @throws an error of the parser if it is damaged
 */
export function readCsv(text: string, found: FoundInFile): FileFindings["format"] {
  const delimiter = text.slice(0, 20).includes(";") ? ";" : ",";
  let columns: ReadonlyMap<string, number> = new Map();
  let row = 0;
  const readRow = (record: readonly string[]): null => {
    row += 1;
    if (row === 1) {
      columns = new Map(record.slice(0, MAX_COLUMNS).map((name, column) => [name, column]));
      return null;
    }
    if (record.every((cell) => cell === "")) return null;
    const room = roomOf(record, columns);
    if (!found.room(columns.has("route") ? ofReport(room) : room)) found.unread(row, room.roomId);
    return null;
  };
  parse(text, {
    ...{ delimiter, bom: true, relax_column_count: true, max_record_size: 1_000_000 },
    // No row is kept, because millions of cells take hundreds of megabytes.
    ...{ on_record: readRow, to: MAX_ENTRIES },
  });
  return columns.has("route") ? "report" : "rooms_csv";
}

/** A spreadsheet does not take the text for a formula, because a sign stands before it. */
function withoutGuard(cell: string): string {
  return /^'+[=+\-@\t\r]/u.test(cell) ? cell.slice(1) : cell;
}

/** The other columns of a report are about its plan. */
function ofReport({ roomId, name, alias, helpers }: FileRoom): SketchedRoom {
  return { roomId, name, alias, helpers };
}

function roomOf(record: readonly string[], columns: ReadonlyMap<string, number>): FileRoom {
  const cell = (name: string): string => withoutGuard(record[columns.get(name) ?? -1] ?? "").trim();
  const text = (name: string): string | null => cell(name) || null;
  const list = (name: string): string[] =>
    cell(name)
      .split(";", MAX_ITEMS)
      .map((item) => item.trim())
      .filter((item) => item !== "");
  const flag = (name: string): boolean | null => FLAGS.get(cell(name).toLowerCase()) ?? null;
  const membership = text("membership");
  return {
    roomId: text("roomId") ?? "",
    membership:
      membership === "join" || membership === "invite" || membership === "knock" ? membership : null,
    name: text("name"),
    alias: text("alias"),
    aliases: list("aliases"),
    via: list("via"),
    version: text("version"),
    joinRule: text("joinRule"),
    allow: list("allow").filter(isWholeRoomId),
    encrypted: flag("encrypted"),
    direct: flag("direct"),
    partner: text("partner"),
    tags: Object.fromEntries(list("tags").map(tagOf)),
    power: powerOf(cell("power")),
    memberCount: numberOf(cell("memberCount")),
    helpers: list("helpers").flatMap(helperOf),
    successor: text("successor"),
    link: text("link"),
  };
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

/** Further items of the list of one room are not looked at. */
const MAX_ITEMS = 1_000;

/** An ID that has a semicolon is cut by the list. What is left of it would be another ID. */
function isWholeRoomId(text: string): boolean {
  return text.includes(":") || HASHED_ID.test(text);
}

/** `m.favourite 0.5`, or `m.favourite` without an order. The name may have spaces and numbers. */
function tagOf(text: string): [string, Record<string, unknown>] {
  const space = text.lastIndexOf(" ");
  const order = space === -1 ? null : numberOf(text.slice(space + 1));
  const isOrder = order !== null && order >= 0 && order <= 1;
  return isOrder ? [text.slice(0, space).trim(), { order }] : [text, {}];
}

/** `Name @user:server (100)`. The report has no level after an ID that it does not know. */
function helperOf(text: string): FileRoom["helpers"] {
  const level = text.endsWith(")") ? text.lastIndexOf(" (") : -1;
  const who = level === -1 ? text : text.slice(0, level).trimEnd();
  const power = level === -1 ? null : powerOf(text.slice(level + 2, -1));
  // A name of another tool may have the sign as well.
  for (const start of [who.lastIndexOf(" @") + 1, Math.max(who.indexOf("@"), 0)]) {
    const userId = who.slice(start);
    if (parseUserId(userId) === null) continue;
    return [{ userId, displayName: who.slice(0, start).trim() || null, power }];
  }
  return [];
}

function powerOf(text: string): PowerLevel | null {
  return text === "creator" ? text : numberOf(text);
}

function numberOf(text: string): number | null {
  return text.length <= MAX_DIGITS && /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text)
    ? Number(text)
    : null;
}

const MAX_DIGITS = 40;
