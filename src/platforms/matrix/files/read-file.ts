import type { FileFindings } from "../../../model/room-file.ts";
import type { FileMistake, FileReading } from "../../files.ts";
import { MAX_IMPORT_BYTES } from "../../files.ts";
import { isJsonObject } from "../api/json.ts";
import { FoundInFile } from "./found-in-file.ts";
import { isMail, partsOfMail } from "./mail-parts.ts";
import { isRoomsCsv, readCsv } from "./read-csv.ts";
import { formOf, readParsed } from "./read-json.ts";
import type { TextOfFile } from "./read-text.ts";
import { readText } from "./read-text.ts";
import { isSavedRooms, parseSavedRooms } from "./read-yaml.ts";
import { textOfBytes } from "./text-of-bytes.ts";

/**
 * What a file of an unknown person says. Files that are nothing known are read as text.
 * @param now in milliseconds since the epoch
 */
export function readFile(bytes: Uint8Array, now = Date.now()): FileReading {
  if (bytes.length > MAX_IMPORT_BYTES) return refused("too_large");
  const text = textOfBytes(bytes);
  if (text === null) return refused("not_text");
  if (text.trim() === "") return refused("empty");
  const known = readKnown(text);
  const read = known ?? (isMail(text) ? readMail(text) : readAsText([{ line: 1, text, hasFileLines: true }]));
  return "mistake" in read
    ? refused(read.mistake)
    : { status: "read", findings: read.found.findings(read.format, now) };
}

/** What a file of a known format says, or why nothing is taken from it. */
type Known = { found: FoundInFile; format: FileFindings["format"] } | { mistake: FileMistake };

/** At the start of a file that the bot wrote. */
const OWN_KIND = /"kind"\s*:\s*"(?:rooms|data)"/u;

/** @returns `null` if the text is of no known format */
function readKnown(text: string): Known | null {
  return readAsJson(text) ?? readAsCsv(text) ?? readAsYaml(text);
}

function readAsJson(text: string): Known | null {
  if (!/^\s*[{[]/u.test(text)) return null;
  const { isTooDeep, hasTooManyValues, hasTooManySettings } = formOf(text);
  if (isTooDeep) return { mistake: "too_deep" };
  // A large chat log of an app is read as text. Nothing else that is known has so many values.
  if (hasTooManyValues) return OWN_KIND.test(text.slice(0, 1_000)) ? { mistake: "unreadable" } : null;
  const content = unlessBroken(() => JSON.parse(text) as unknown);
  const areSettings = isJsonObject(content) && content["kind"] === "data";
  return areSettings && hasTooManySettings ? { mistake: "unreadable" } : readContent(content);
}

function readAsYaml(text: string): Known | null {
  return isSavedRooms(text) ? readContent(parseSavedRooms(text)) : null;
}

function readContent(content: unknown): Known | null {
  const found = new FoundInFile();
  const read = readParsed(content, found);
  return read === null || "mistake" in read ? read : { found, format: read.format };
}

function readAsCsv(text: string): Known | null {
  if (!isRoomsCsv(text)) return null;
  const found = new FoundInFile();
  const format = unlessBroken(() => readCsv(text, found));
  return format === undefined ? null : { found, format };
}

/** More files are not attached to one mail. */
const MAX_ATTACHMENTS = 500;

/** Files of a known format that are attached to a mail count more than its text. */
function readMail(text: string): Known {
  const found = new FoundInFile();
  let format: FileFindings["format"] | null = null;
  let attachments = 0;
  for (const part of partsOfMail(text)) {
    if (attachments === MAX_ATTACHMENTS) break;
    attachments += 1;
    const known = readKnown(part.text);
    if (known === null) continue;
    if ("mistake" in known) return known;
    if (found.add(known.found)) format ??= known.format;
  }
  return format === null ? readAsText(partsOfMail(text)) : { found, format };
}

function readAsText(parts: Iterable<TextOfFile>): Known {
  const found = new FoundInFile();
  for (const part of parts) readText(part, found);
  return found.isEmpty && !found.hasUnread ? { mistake: "empty" } : { found, format: "text" };
}

function refused(mistake: FileMistake): FileReading {
  return { status: "refused", mistake };
}

/** @returns `undefined` if the text is not of that form */
function unlessBroken<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
