import { stringify } from "csv-stringify/sync";
import type { DataFile, FileContact, FileRoom, RoomsFile } from "../../model/room-file.ts";
import { matrixToRoom, matrixToUser } from "../document/matrix-to.ts";
import type { Attachment } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
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

/** The parts of a file that are written. Those of rooms and people are written once. */
interface Writer {
  readonly room: (room: FileRoom) => string;
  /** `null`: the format has no people. */
  readonly contact: ((contact: FileContact) => string) | null;
  /** What stands around the rooms and the people. */
  readonly around: (head: FileHead, rooms: number, contacts: number) => Around;
  /** Between two rooms, and between two people. */
  readonly separator: string;
}

type FileHead = Pick<RoomsFile, "schema" | "kind" | "account" | "generatedAt">;

type Around = Readonly<Record<"before" | "between" | "after", string>>;

const WRITERS: Readonly<Record<RoomsFormat, Writer>> = {
  json: {
    room: (room) => JSON.stringify(room),
    contact: (contact) => JSON.stringify(contact),
    around: (head) => ({
      before: `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "rooms": [\n`,
      between: `\n  ],\n  "contacts": [\n`,
      after: "\n  ]\n}\n",
    }),
    separator: ",\n",
  },
  csv: {
    room: (room) => csvRow(ROOM_COLUMNS.map((column) => safeCell(storable(cellOf(room, column))))),
    contact: null,
    around: () => ({ before: csvRow(ROOM_COLUMNS), between: "", after: "" }),
    separator: "",
  },
  md: {
    room: markdownRoom,
    contact: markdownContact,
    around: ({ account, generatedAt }, rooms, contacts) => ({
      before: `# Rooms of ${plain(account)}\n\nWritten at ${generatedAt}. ${counted(rooms, "room")}, ${people(contacts)}.\n\n## Rooms\n\n`,
      between: "\n\n## People\n\n",
      after: "\n",
    }),
    separator: "\n",
  },
};

const MIME_TYPES: Readonly<Record<RoomsFormat, string>> = {
  json: "application/json",
  csv: "text/csv",
  md: "text/markdown",
};

/**
 * The rooms as files that can be sent and read: usually one. Each part can be imported without the
 * others. A part of a single room or person may be larger than the limit.
 * @param maxBytes the largest file
 */
export function roomsAttachments(file: RoomsFile, format: RoomsFormat, maxBytes: number): Attachment[] {
  const { rooms, contacts, ...head } = file;
  const writer = WRITERS[format];
  const parts = partsOf({ rooms, contacts, head }, writer, maxBytes);
  const name = fileName("rooms", file);
  return parts.map((part, index) => ({
    fileName: `${name}${parts.length === 1 ? "" : `-${index + 1}-of-${parts.length}`}.${format}`,
    mimeType: MIME_TYPES[format],
    bytes: bytesOf(head, writer, part),
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

/** The rooms and people of one part, each as it is written. */
interface Part {
  readonly rooms: Buffer[];
  readonly contacts: Buffer[];
}

/** More digits than the numbers of rooms and people of a part have. */
const DIGITS_BYTES = 40;

/** Fills each part as far as it goes. Every room is written once, however many parts there are. */
function partsOf(
  { rooms, contacts, head }: Pick<RoomsFile, "rooms" | "contacts"> & { head: FileHead },
  writer: Writer,
  maxBytes: number,
): Part[] {
  const { before, between, after } = writer.around(head, 0, 0);
  const emptyBytes = Buffer.byteLength(before + between + after) + DIGITS_BYTES;
  const first: Part = { rooms: [], contacts: [] };
  const parts = [first];
  let part = first;
  let bytes = emptyBytes;
  const add = (kind: keyof Part, text: string): void => {
    const written = Buffer.from(text);
    const more = written.length + writer.separator.length;
    if (bytes > emptyBytes && bytes + more > maxBytes) {
      part = { rooms: [], contacts: [] };
      parts.push(part);
      bytes = emptyBytes;
    }
    part[kind].push(written);
    bytes += more;
  };
  for (const room of rooms) add("rooms", writer.room(withLink(room)));
  if (writer.contact !== null) for (const contact of contacts) add("contacts", writer.contact(contact));
  return parts;
}

function bytesOf(head: FileHead, { around, separator }: Writer, { rooms, contacts }: Part): Buffer {
  const { before, between, after } = around(head, rooms.length, contacts.length);
  const list = (items: readonly Buffer[]): Buffer[] =>
    items.flatMap((item, index) => (index === 0 ? [item] : [Buffer.from(separator), item]));
  return Buffer.concat([
    ...[Buffer.from(before), ...list(rooms), Buffer.from(between), ...list(contacts), Buffer.from(after)],
  ]);
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

function csvRow(cells: readonly string[]): string {
  return stringify([[...cells]], { record_delimiter: "windows" });
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

function people(count: number): string {
  return count === 1 ? "1 person" : `${count} people`;
}

function markdownContact({ userId, displayName }: FileContact): string {
  return `- ${displayName === null ? "" : `${escaped(displayName)} `}${plain(userId)}`;
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
    .replace(/%(?=[\da-f]{2})/giu, "&#37;")
    .replace(/\\#(?=\/)/gu, "&#35;")
    .replace(/!(?=[\w\\-]{43})/gu, "&#33;");
}
