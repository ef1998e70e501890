import { parse } from "csv-parse/sync";
import type { FileFindings, FileRoom } from "../../../model/room-file.ts";
import type { PowerLevel } from "../../../model/routes.ts";
import { isServerName } from "../ids/server-name.ts";
import type { FoundInFile } from "./found-in-file.ts";
import { MAX_HELPERS, MAX_VIA } from "./found-in-file.ts";

/** The first columns of the two files that the bot writes. */
const ROOMS_START = "roomId,membership,";
const REPORT_START = "roomId,name,alias,route,";

/** Whether a text is a CSV file that the bot wrote. A spreadsheet may quote the names. */
export function isRoomsCsv(text: string): boolean {
  const head = text.slice(0, 200).replaceAll('"', "").replaceAll(";", ",").trimStart();
  return head.startsWith(ROOMS_START) || head.startsWith(REPORT_START);
}

/**
 * Reads a CSV file of rooms, or of a report.
 * @throws an error of the parser if it is damaged
 */
export function readCsv(text: string, found: FoundInFile): FileFindings["format"] {
  const delimiter = text.slice(0, 20).includes(";") ? ";" : ",";
  const rows: string[][] = parse(text, {
    ...{ delimiter, bom: true, relax_column_count: true, skip_empty_lines: true },
    max_record_size: 1_000_000,
  });
  const [names = [], ...records] = rows;
  const isReport = names.includes("route");
  for (const [index, record] of records.entries()) {
    const cells = new Map(names.map((name, column) => [name, withoutGuard(record[column] ?? "")]));
    const room = isReport ? roomOfReport(cells) : roomOf(cells);
    if (!found.room(room)) found.unread(index + 2, room.roomId);
  }
  return isReport ? "report" : "rooms_csv";
}

/** A spreadsheet does not take the text for a formula, because a sign stands before it. */
function withoutGuard(cell: string): string {
  return /^'+[=+\-@\t\r]/u.test(cell) ? cell.slice(1) : cell;
}

type Cells = ReadonlyMap<string, string>;

function roomOfReport(cells: Cells): Pick<FileRoom, "roomId" | "name" | "alias" | "helpers"> {
  const { roomId, name, alias, helpers } = roomOf(cells);
  return { roomId, name, alias, helpers };
}

function roomOf(cells: Cells): FileRoom {
  const text = (name: string): string | null => {
    const cell = cells.get(name)?.trim() ?? "";
    return cell === "" ? null : cell;
  };
  const list = (name: string): string[] =>
    (cells.get(name) ?? "")
      .split(";")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  const flag = (name: string): boolean | null => FLAGS.get(cells.get(name)?.toLowerCase() ?? "") ?? null;
  const membership = text("membership");
  const count = Number(text("memberCount") ?? Number.NaN);
  return {
    roomId: text("roomId") ?? "",
    membership:
      membership === "join" || membership === "invite" || membership === "knock" ? membership : null,
    name: text("name"),
    alias: text("alias"),
    aliases: list("aliases"),
    via: list("via").filter(isServerName).slice(0, MAX_VIA),
    version: text("version"),
    joinRule: text("joinRule"),
    allow: list("allow"),
    encrypted: flag("encrypted"),
    direct: flag("direct"),
    partner: text("partner"),
    tags: Object.fromEntries(list("tags").map(tagOf)),
    power: powerOf(text("power") ?? ""),
    memberCount: Number.isSafeInteger(count) ? count : null,
    helpers: list("helpers").flatMap(helperOf).slice(0, MAX_HELPERS),
    successor: text("successor"),
    link: text("link"),
  };
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

/** `m.favourite 0.5`, or `m.favourite` without an order. */
function tagOf(text: string): [string, Record<string, unknown>] {
  const [, name = text, order] = /^(.*?)(?: (-?[\d.]+))?$/u.exec(text) ?? [];
  return [name, order === undefined ? {} : { order: Number(order) }];
}

/** `Name @user:server (100)`. The report has no level after an ID that it does not know. */
function helperOf(text: string): FileRoom["helpers"] {
  const [, name = "", userId, power = ""] = /^(.*?)(@\S+:[^\s()]+)(?: \((.*)\))?$/u.exec(text) ?? [];
  return userId === undefined
    ? []
    : [{ userId, displayName: name.trim() === "" ? null : name.trim(), power: powerOf(power) }];
}

function powerOf(text: string): PowerLevel | null {
  if (text === "creator") return text;
  const power = Number(text);
  return text !== "" && Number.isSafeInteger(power) ? power : null;
}
