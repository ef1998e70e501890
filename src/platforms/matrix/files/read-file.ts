import type { FileReading } from "../../files.ts";
import { MAX_IMPORT_BYTES } from "../../files.ts";
import { FoundInFile } from "./found-in-file.ts";
import { isRoomsCsv, readCsv } from "./read-csv.ts";
import { isTooDeep, readParsed } from "./read-json.ts";
import { readText } from "./read-text.ts";
import { isSavedRooms, parseSavedRooms } from "./read-yaml.ts";
import { textOfBytes } from "./text-of-bytes.ts";

/** What a file of an unknown person says. Files that are nothing known are read as text. */
export function readFile(bytes: Uint8Array): FileReading {
  if (bytes.length > MAX_IMPORT_BYTES) return { status: "refused", mistake: "too_large" };
  const text = textOfBytes(bytes);
  if (text === null) return { status: "refused", mistake: "not_text" };
  if (text.trim() === "") return { status: "refused", mistake: "empty" };
  return readAsJson(text) ?? readAsCsv(text) ?? readAsYaml(text) ?? readAsText(text);
}

function readAsJson(text: string): FileReading | null {
  if (!/^\s*[{[]/u.test(text)) return null;
  if (isTooDeep(text)) return { status: "refused", mistake: "too_deep" };
  return readContent(unlessBroken(() => JSON.parse(text) as unknown));
}

function readAsYaml(text: string): FileReading | null {
  return isSavedRooms(text) ? readContent(parseSavedRooms(text)) : null;
}

function readContent(content: unknown): FileReading | null {
  const found = new FoundInFile();
  const read = readParsed(content, found);
  if (read === null) return null;
  return "mistake" in read
    ? { status: "refused", mistake: read.mistake }
    : { status: "read", findings: found.findings(read.format) };
}

function readAsCsv(text: string): FileReading | null {
  if (!isRoomsCsv(text)) return null;
  const found = new FoundInFile();
  const format = unlessBroken(() => readCsv(text, found));
  return format === undefined ? null : { status: "read", findings: found.findings(format) };
}

function readAsText(text: string): FileReading {
  const found = new FoundInFile();
  readText(text, found);
  const findings = found.findings("text");
  return found.isEmpty && findings.notUnderstood.total === 0
    ? { status: "refused", mistake: "empty" }
    : { status: "read", findings };
}

/** @returns `undefined` if the text is not of that form */
function unlessBroken<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
