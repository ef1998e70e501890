import { z } from "zod";
import type { FileAccountData, FileFindings } from "../../../model/room-file.ts";
import { powerLevelSchema } from "../../../model/routes.ts";
import type { FileMistake } from "../../files.ts";
import { isJsonObject } from "../api/json.ts";
import { parseUserId } from "../ids/identifiers.ts";
import { isServerName } from "../ids/server-name.ts";
import type { FoundInFile, SketchedRoom } from "./found-in-file.ts";
import { MAX_HELPERS, MAX_VIA } from "./found-in-file.ts";

/** No file of this kind is deeper. Account data of apps has a few levels. */
const MAX_DEPTH = 100;
const MAX_TEXT = 1_000;
const MAX_LIST = 200;

/** Whether JSON is nested deeper than any real file. It is not parsed for that. */
export function isTooDeep(json: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (isInText) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

const text = z
  .string()
  .transform((value) => value.slice(0, MAX_TEXT))
  .nullable()
  .catch(null);
const texts = z
  .array(z.unknown())
  .transform((list) => list.slice(0, MAX_LIST).filter((item) => typeof item === "string"))
  .catch([]);
const flag = z.boolean().nullable().catch(null);
const tagsSchema = z
  .record(z.string(), z.unknown())
  .transform((tags) =>
    Object.fromEntries(
      Object.entries(tags)
        .slice(0, MAX_LIST)
        .filter((entry): entry is [string, Record<string, unknown>] => isJsonObject(entry[1])),
    ),
  )
  .catch({});

const helperSchema = z.object({
  userId: z.string().refine((userId) => parseUserId(userId) !== null),
  displayName: text,
  power: powerLevelSchema.nullable().catch(null),
});

/** Helpers that cannot be read are left out. */
const helpers = z
  .array(z.unknown())
  .transform((list) => list.slice(0, MAX_HELPERS).flatMap((item) => helperSchema.safeParse(item).data ?? []))
  .catch([]);

const roomSchema = z.object({
  roomId: z.string(),
  membership: z.enum(["join", "invite", "knock"]).nullable().catch(null),
  name: text,
  alias: text,
  aliases: texts,
  via: texts.transform((list) => list.filter(isServerName).slice(0, MAX_VIA)),
  version: text,
  joinRule: text,
  allow: texts,
  encrypted: flag,
  direct: flag,
  partner: text.transform((partner) => (partner !== null && parseUserId(partner) !== null ? partner : null)),
  tags: tagsSchema,
  power: powerLevelSchema.nullable().catch(null),
  memberCount: z.int().nonnegative().nullable().catch(null),
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
  if (schema === 1 && Array.isArray(content["rooms"]) && typeof content["source"] === "string") {
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
  for (const [index, entry] of listOf(rooms).entries()) {
    const { data } = roomSchema.safeParse(entry);
    if (data === undefined || !found.room(data)) found.unread(index + 1, snippet(entry));
  }
}

function readContacts(contacts: unknown, found: FoundInFile): void {
  for (const [index, entry] of listOf(contacts).entries()) {
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

function readReportRooms(rooms: readonly unknown[], found: FoundInFile): void {
  for (const [index, entry] of rooms.entries()) {
    const { data } = reportRoomSchema.safeParse(entry);
    if (data === undefined || !found.room({ ...data, power: data.power.source }))
      found.unread(index + 1, snippet(entry));
  }
}

const savedRoomSchema = z.object({ id: z.string(), name: text, vias: texts });

/** The list of rooms that other tools save (github.com/jjj333-p/matrix-account-export). */
function readSavedRooms(rooms: readonly unknown[], found: FoundInFile): void {
  for (const [index, entry] of rooms.entries()) {
    const { data } = savedRoomSchema.safeParse(entry);
    const room: SketchedRoom | null = data === undefined ? null : { roomId: data.id, name: data.name };
    const via = data?.vias.filter(isServerName).slice(0, MAX_VIA) ?? [];
    if (room === null || !found.room({ ...room, via })) found.unread(index + 1, snippet(entry));
  }
}

function accountData(content: Record<string, unknown>): FileAccountData {
  return {
    accountData: contentsOf(content["accountData"]),
    pushRules: objectOf(content["pushRules"]),
    tags: nestedContents(content["tags"]),
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

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What is shown of an entry that has no ID. */
function snippet(entry: unknown): string {
  const id = isJsonObject(entry) ? (entry["roomId"] ?? entry["id"] ?? entry["userId"]) : entry;
  return typeof id === "string" ? id : "an entry without an ID";
}
