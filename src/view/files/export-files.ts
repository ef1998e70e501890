import { stringify } from "csv-stringify/sync";
import type { DataFile, FileRoom, RoomsFile } from "../../model/room-file.ts";
import { matrixToRoom, matrixToUser } from "../document/matrix-to.ts";
import type { Attachment } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { safeCell } from "../rooms/report-csv.ts";

/** The columns of the CSV file of rooms. They are a contract with the scripts that read it. */
export const ROOM_COLUMNS = [
  ...(["roomId", "membership", "name", "alias", "aliases", "via", "version", "joinRule", "allow"] as const),
  ...(["encrypted", "direct", "partner", "tags", "power", "memberCount", "helpers", "successor"] as const),
  "link",
] as const satisfies readonly (keyof FileRoom)[];

/** The formats of the file of rooms. */
export type RoomsFormat = "json" | "csv" | "md";

const WRITERS: Readonly<Record<RoomsFormat, (file: RoomsFile) => Buffer>> = {
  json: (file) => Buffer.concat(jsonPieces(file)),
  csv: (file) => Buffer.from(csvOf(file)),
  md: (file) => Buffer.from(markdownOf(file)),
};

const MIME_TYPES: Readonly<Record<RoomsFormat, string>> = {
  json: "application/json",
  csv: "text/csv",
  md: "text/markdown",
};

/**
 * The rooms as files that the bot's server takes: usually one. Each part can be imported without
 * the others.
 * @param maxBytes the largest file that the server takes
 */
export function roomsAttachments(file: RoomsFile, format: RoomsFormat, maxBytes: number): Attachment[] {
  const linked = { ...file, rooms: file.rooms.map(withLink) };
  const parts = partsOf(linked, WRITERS[format], maxBytes);
  const name = fileName("rooms", file);
  return parts.map((bytes, index) => ({
    fileName: `${name}${parts.length === 1 ? "" : `-${index + 1}-of-${parts.length}`}.${format}`,
    mimeType: MIME_TYPES[format],
    bytes,
  }));
}

/** The settings as a file. */
export function dataAttachment(file: DataFile): Attachment {
  return {
    fileName: `${fileName("data", file)}.json`,
    mimeType: MIME_TYPES.json,
    bytes: Buffer.from(`${JSON.stringify(file, null, 2)}\n`),
  };
}

/** Halves, until each is small enough. A single room is always small enough. */
function partsOf(file: RoomsFile, write: (file: RoomsFile) => Buffer, maxBytes: number): Buffer[] {
  const bytes = write(file);
  if (bytes.length <= maxBytes || file.rooms.length < 2) return [bytes];
  const middle = Math.ceil(file.rooms.length / 2);
  return [
    ...partsOf({ ...file, rooms: file.rooms.slice(0, middle) }, write, maxBytes),
    ...partsOf({ ...file, rooms: file.rooms.slice(middle), contacts: [] }, write, maxBytes),
  ];
}

/** `rooms-ada-2026-01-31`. Only characters that every file system takes. */
function fileName(
  kind: string,
  { account, generatedAt }: Pick<RoomsFile, "account" | "generatedAt">,
): string {
  const localpart = account.slice(1).split(":")[0] ?? "";
  const safe = localpart.replace(/[^\w.-]+/gu, "_").slice(0, 40);
  return `${kind}-${safe === "" ? "account" : safe}-${generatedAt.slice(0, 10)}`;
}

/** The ID in a link stays valid when the server of the alias is gone. */
function withLink(room: FileRoom): FileRoom {
  return { ...room, link: matrixToRoom(room.roomId, room.via) };
}

/** A room at a time, so that a large account does not need one large text. */
function jsonPieces({ rooms, contacts, ...head }: RoomsFile): Buffer[] {
  const pieces = [`${JSON.stringify(head, null, 2).slice(0, -2)},\n  "rooms": [`];
  for (const [index, room] of rooms.entries())
    pieces.push(`${index === 0 ? "" : ","}\n    ${JSON.stringify(room)}`);
  pieces.push(`${rooms.length === 0 ? "" : "\n  "}],\n  "contacts": [`);
  for (const [index, contact] of contacts.entries())
    pieces.push(`${index === 0 ? "" : ","}\n    ${JSON.stringify(contact)}`);
  pieces.push(`${contacts.length === 0 ? "" : "\n  "}]\n}\n`);
  return pieces.map((piece) => Buffer.from(piece));
}

function csvOf({ rooms }: RoomsFile): string {
  const rows = rooms.map((room) => ROOM_COLUMNS.map((column) => safeCell(storable(cellOf(room, column)))));
  return stringify([[...ROOM_COLUMNS], ...rows], { record_delimiter: "windows" });
}

/** Without characters that make a file of text a binary one. Line breaks and tabs stay. */
function storable(cell: string): string {
  return cell.toWellFormed().replace(/[^\P{Cc}\t\r\n]/gu, "");
}

/**
 * What is unknown is an empty cell. Lists are separated by `; `. What a list would cut or change is
 * not in it; JSON has everything.
 */
function cellOf(room: FileRoom, column: (typeof ROOM_COLUMNS)[number]): string {
  switch (column) {
    case "aliases":
    case "via":
    case "allow":
      return listCell(room[column]);
    case "tags":
      return listCell(Object.entries(room.tags).flatMap(([name, { order }]) => tagItem(name, order) ?? []));
    case "helpers":
      return listCell(room.helpers.flatMap((helper) => helperItem(helper) ?? []));
    default: {
      const value = room[column];
      return value === null ? "" : String(value);
    }
  }
}

/** What ends an item of a list, or a line. */
const ENDS_ITEM = /[;\p{Cc}\p{Zl}\p{Zp}]/u;

function listCell(items: readonly string[]): string {
  return items.filter((item) => !ENDS_ITEM.test(item) && item.trim() === item).join("; ");
}

/** A tag and its order. A name that ends like one with an order cannot stand without an order. */
function tagItem(name: string, order: unknown): string | null {
  const digits = typeof order === "number" && order >= 0 && order <= 1 ? decimal(order) : null;
  if (name.trim() !== name || name === "") return null;
  if (digits !== null) return `${name} ${digits}`;
  return /\s[-+.\de]+$/iu.test(name) ? null : name;
}

/** A number without an exponent; `null` if it needs one. */
function decimal(number: number): string | null {
  const short = String(number);
  const digits = short.includes("e") ? number.toFixed(20) : short;
  return Number(digits) === number ? digits : null;
}

/** `Name @user:server (100)`. An ID that a list cannot hold is not in it. */
function helperItem({ userId, displayName, power }: FileRoom["helpers"][number]): string | null {
  if (!/^@[^\s;]+:[^\s;()@]+$/u.test(userId)) return null;
  return [withoutSigns(displayName), userId, ...(power === null ? [] : [`(${power})`])].join(" ").trim();
}

/** A name must not look like an ID, or like the next helper of the list. */
function withoutSigns(name: string | null): string {
  return (name ?? "").replace(/\s*[;@\p{Cc}\p{Zl}\p{Zp}][\s;@\p{Cc}]*/gu, " ").trim();
}

function markdownOf({ account, generatedAt, rooms, contacts }: RoomsFile): string {
  const lines = [
    `# Rooms of ${plain(account)}`,
    "",
    `Written at ${generatedAt}. ${rooms.length} rooms, ${contacts.length} people.`,
    "",
    "## Rooms",
    "",
    ...rooms.map(markdownRoom),
    "",
    "## People",
    "",
    ...contacts.map(
      ({ userId, displayName }) =>
        `- ${displayName === null ? "" : `${escaped(displayName)} `}${plain(userId)}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function markdownRoom({ roomId, name, link, partner, joinRule, helpers }: FileRoom): string {
  const who = helpers.map(({ userId }) => plain(userId)).join(", ");
  const details = [
    ...(partner === null ? [] : [`with ${plain(partner)}`]),
    ...(joinRule === null ? [] : [escaped(joinRule)]),
    ...(who === "" ? [] : [`can help: ${who}`]),
  ].map((detail) => ` — ${detail}`);
  const linked = name === null ? `<${link ?? ""}>` : `[${escaped(name)}](${link ?? ""})`;
  return `- ${linked} ${plain(roomId)}${details.join("")}`;
}

/** An ID as code. One that is not the same as code is a link only, which can have any ID. */
function plain(id: string): string {
  const shown = untrustedCode(id);
  return shown === id && !/[\s`"'<>()[\]{}|\\^,;?]/u.test(id)
    ? `\`${shown}\``
    : `<${id.startsWith("@") ? matrixToUser(id) : matrixToRoom(id, [])}>`;
}

/** Words of Markdown. Whoever reads the file finds no ID or link in them. */
function escaped(text: string): string {
  return untrustedCode(text, 100)
    .replace(/[\\`*_[\]<>#|~&]/gu, "\\$&")
    .replace(/(?<=[!#@]\S*|matrix):(?=\S)/giu, "&#58;")
    .replace(/\\#(?=\/)/gu, "&#35;")
    .replace(/!(?=[\w\\-]{43})/gu, "&#33;");
}
