import { z } from "zod";
import type { FileAccountData, FileFindings } from "../../../model/room-file.ts";
import { powerLevelSchema } from "../../../model/routes.ts";
import type { FileMistake } from "../../files.ts";
import { isJsonObject } from "../api/json.ts";
import { boundedTags } from "./bounded-findings.ts";
import type { FoundInFile } from "./found-in-file.ts";
import { MAX_ENTRIES } from "./found-in-file.ts";

/** No file of this kind is deeper. Account data of apps has a few levels. */
const MAX_DEPTH = 100;
/**
 * A file of 20 MB with people in most rooms has one and a half million values. The same number of
 * objects that have nothing in common takes 250 MB (measured with Node 24).
 */
const MAX_VALUES = 1_750_000;
/** Settings are handed on as they are. Those of ten thousand rooms have two hundred thousand. */
const MAX_SETTINGS = 500_000;

interface JsonForm {
  readonly isTooDeep: boolean;
  readonly hasTooManyValues: boolean;
  readonly hasTooManySettings: boolean;
}

/** What JSON is like, as far as it can be seen without parsing it, which may take much memory. */
export function formOf(json: string): JsonForm {
  let depth = 0;
  let values = 0;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) index = endOfText(json, index + 1);
    else if (code === COMMA) values += 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      values += 1;
      depth += 1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    if (depth > MAX_DEPTH || values > MAX_VALUES) break;
  }
  return {
    isTooDeep: depth > MAX_DEPTH,
    hasTooManyValues: values > MAX_VALUES,
    hasTooManySettings: values > MAX_SETTINGS,
  };
}

/** Where the quotation mark is that ends a text. */
function endOfText(json: string, from: number): number {
  for (let index = from; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === BACKSLASH) index += 1;
    else if (code === QUOTE) return index;
  }
  return json.length;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Lengths and numbers are bounded where all formats come together. */
const text = z.string().nullable().catch(null);
const texts = z
  .array(z.unknown())
  .transform((list) => list.slice(0, MAX_ITEMS).filter((item) => typeof item === "string"))
  .catch([]);
const flag = z.boolean().nullable().catch(null);
/** Further items of the list of one room are not looked at. */
const MAX_ITEMS = 1_000;
const tagsSchema = z.record(z.string(), z.unknown()).transform(boundedTags).catch({});

const helperSchema = z.object({
  userId: z.string(),
  displayName: text,
  power: powerLevelSchema.nullable().catch(null),
});

/** Helpers that cannot be read are left out. */
const helpers = z
  .array(z.unknown())
  .transform((list) => list.slice(0, MAX_ITEMS).flatMap((item) => helperSchema.safeParse(item).data ?? []))
  .catch([]);

const roomSchema = z.object({
  roomId: z.string(),
  membership: z.enum(["join", "invite", "knock"]).nullable().catch(null),
  name: text,
  alias: text,
  aliases: texts,
  via: texts,
  version: text,
  joinRule: text,
  allow: texts,
  encrypted: flag,
  direct: flag,
  partner: text,
  tags: tagsSchema,
  power: powerLevelSchema.nullable().catch(null),
  memberCount: z.number().nullable().catch(null),
  helpers,
  successor: text,
  link: text,
});

const contactSchema = z.object({ userId: z.string(), displayName: text, rooms: texts });

/** Reads a parsed JSON or YAML file. @returns `null` if it is none of the known kinds */
export function readParsed(
  content: unknown,
  found: FoundInFile,
): { format: FileFindings["format"] } | { mistake: FileMistake } | null {
  if (!isJsonObject(content)) return null;
  const { schema, kind } = content;
  if (kind === "rooms" || kind === "data") {
    if (schema !== 1) return { mistake: "newer_schema" };
    found.about(content["account"], content["generatedAt"]);
    if (kind === "data") {
      found.data(accountData(content));
      return { format: "data" };
    }
    readRooms(content["rooms"], found);
    readContacts(content["contacts"], found);
    return { format: "rooms" };
  }
  if (typeof schema === "number" && typeof content["source"] === "string" && "rooms" in content) {
    if (schema !== 1) return { mistake: "newer_schema" };
    found.about(content["source"], content["generatedAt"]);
    readReportRooms(content["rooms"], found);
    return { format: "report" };
  }
  if (Array.isArray(content["roomSave"])) {
    readSavedRooms(content["roomSave"], found);
    return { format: "yaml" };
  }
  return null;
}

function readRooms(rooms: unknown, found: FoundInFile): void {
  for (const [index, entry] of entriesOf(rooms)) {
    const { data } = roomSchema.safeParse(entry);
    if (data === undefined || !found.room(data)) found.unread(index + 1, snippet(entry));
  }
}

function readContacts(contacts: unknown, found: FoundInFile): void {
  for (const [index, entry] of entriesOf(contacts)) {
    const { data } = contactSchema.safeParse(entry);
    if (data === undefined || !found.contact(data)) found.unread(index + 1, snippet(entry));
  }
}

const reportRoomSchema = z.object({
  roomId: z.string(),
  name: text,
  alias: text,
  direct: flag,
  encrypted: flag,
  helpers,
  successor: text,
  power: z.object({ source: powerLevelSchema.nullable().catch(null) }).catch({ source: null }),
});

function readReportRooms(rooms: unknown, found: FoundInFile): void {
  for (const [index, entry] of entriesOf(rooms)) {
    const { data } = reportRoomSchema.safeParse(entry);
    if (data === undefined || !found.room({ ...data, power: data.power.source }))
      found.unread(index + 1, snippet(entry));
  }
}

const savedRoomSchema = z.object({ id: z.string(), name: text, vias: texts });

/** The list of rooms that other tools save (github.com/jjj333-p/matrix-account-export). */
function readSavedRooms(rooms: unknown, found: FoundInFile): void {
  for (const [index, entry] of entriesOf(rooms)) {
    const { data } = savedRoomSchema.safeParse(entry);
    if (data === undefined || !found.room({ roomId: data.id, name: data.name, via: data.vias }))
      found.unread(index + 1, snippet(entry));
  }
}

function accountData(content: Record<string, unknown>): FileAccountData {
  return {
    accountData: contentsOf(content["accountData"]),
    pushRules: objectOf(content["pushRules"]),
    tags: Object.fromEntries(
      Object.entries(objectOf(content["tags"])).map(([roomId, tags]) => [
        roomId,
        boundedTags(objectOf(tags)),
      ]),
    ),
    profile: objectOf(content["profile"]),
    roomAccountData: nestedContents(content["roomAccountData"]),
  };
}

function contentsOf(value: unknown): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).filter((entry): entry is [string, Record<string, unknown>] =>
      isJsonObject(entry[1]),
    ),
  );
}

function nestedContents(value: unknown): Record<string, Record<string, Record<string, unknown>>> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).map(([roomId, contents]) => [roomId, contentsOf(contents)]),
  );
}

function objectOf(value: unknown): Record<string, unknown> {
  return isJsonObject(value) ? value : {};
}

function entriesOf(value: unknown): Iterable<[number, unknown]> {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.slice(0, MAX_ENTRIES).entries();
}

/** What is shown of an entry that has no ID. */
function snippet(entry: unknown): string {
  const id = isJsonObject(entry) ? (entry["roomId"] ?? entry["id"] ?? entry["userId"]) : entry;
  return typeof id === "string" ? id : "an entry without an ID";
}
