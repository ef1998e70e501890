import type { FileFindings } from "../../../model/room-file.ts";
import type { FileMistake, FileReading } from "../../files.ts";
import { MAX_IMPORT_BYTES } from "../../files.ts";
import { FoundInFile } from "./found-in-file.ts";
import { isMail, partsOfMail } from "./mail-parts.ts";
import { isRoomsCsv, readCsv } from "./read-csv.ts";
import { isTooDeep, readParsed } from "./read-json.ts";
import type { TextOfFile } from "./read-text.ts";
import { readText } from "./read-text.ts";
import { isSavedRooms, parseSavedRooms } from "./read-yaml.ts";
import { textOfBytes } from "./text-of-bytes.ts";

/** What a file of an unknown person says. Files that are nothing known are read as text. */
export function readFile(bytes: Uint8Array): FileReading {
  if (bytes.length > MAX_IMPORT_BYTES) return refused("too_large");
  const text = textOfBytes(bytes);
  if (text === null) return refused("not_text");
  if (text.trim() === "") return refused("empty");
  const known = readKnown(text);
  if (known !== null) return "mistake" in known ? refused(known.mistake) : readingOf(known);
  return isMail(text) ? readMail(text) : readAsText([{ line: 1, text, hasFileLines: true }]);
}

/** What a file of a known format says, or why nothing is taken from it. */
type Known = { found: FoundInFile; format: FileFindings["format"] } | { mistake: FileMistake };

/** @returns `null` if the text is of no known format */
function readKnown(text: string): Known | null {
  return readAsJson(text) ?? readAsCsv(text) ?? readAsYaml(text);
}

function readAsJson(text: string): Known | null {
  if (!/^\s*[{[]/u.test(text)) return null;
  if (isTooDeep(text)) return { mistake: "too_deep" };
  return readContent(unlessBroken(() => JSON.parse(text) as unknown));
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
function readMail(text: string): FileReading {
  const found = new FoundInFile();
  let format: FileFindings["format"] | null = null;
  let attachments = 0;
  for (const part of partsOfMail(text)) {
    if (attachments === MAX_ATTACHMENTS) break;
    attachments += 1;
    const known = readKnown(part.text);
    if (known === null) continue;
    if ("mistake" in known) return refused(known.mistake);
    if (found.add(known.found)) format ??= known.format;
  }
  return format === null ? readAsText(partsOfMail(text)) : readingOf({ found, format });
}

function readAsText(parts: Iterable<TextOfFile>): FileReading {
  const found = new FoundInFile();
  for (const part of parts) readText(part, found);
  return found.isEmpty && !found.hasUnread ? refused("empty") : readingOf({ found, format: "text" });
}

function readingOf({ found, format }: Extract<Known, { found: FoundInFile }>): FileReading {
  return { status: "read", findings: found.findings(format) };
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
