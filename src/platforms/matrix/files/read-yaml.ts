import { parseDocument } from "yaml";
import { MAX_ENTRIES } from "./found-in-file.ts";

/** A larger document is read item by item. Whole, it would take hundreds of megabytes. */
const MAX_WHOLE_LENGTH = 131_072;
/** A room with hundreds of servers takes 10 kB. */
const MAX_ITEM_LENGTH = 65_536;

/** Whether a text is the list of rooms of another tool. */
export function isSavedRooms(text: string): boolean {
  return /^roomSave\s*:/mu.test(text);
}

/**
 * A list of rooms in YAML, as a parsed document: `{ roomSave: [...] }`.
 * @returns `undefined` if it is no YAML that any tool writes: with errors, anchors or tags
 */
export function parseSavedRooms(text: string): unknown {
  if (text.length <= MAX_WHOLE_LENGTH) return parsed(text);
  const items: unknown[] = [];
  let count = 0;
  for (const item of itemsOf(text)) {
    count += 1;
    if (count > MAX_ENTRIES) break;
    const list = item.length <= MAX_ITEM_LENGTH ? parsed(item) : undefined;
    if (!Array.isArray(list)) return undefined;
    for (const entry of list) items.push(entry);
  }
  return items.length === 0 ? undefined : { roomSave: items };
}

function parsed(yaml: string): unknown {
  try {
    // To look for a key twice takes quadratic time.
    const document = parseDocument(yaml, { schema: "core", merge: false, strict: true, uniqueKeys: false });
    if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
    // No real list has anchors, and a few lines of them can stand for a billion rooms.
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  } catch {
    return undefined;
  }
}

/** The items of the list, each as a list of its own. Tools write one key in a line. */
function* itemsOf(text: string): Generator<string, void, undefined> {
  const opening = /^roomSave\s*:[^\n]*\n/mu.exec(text);
  let dash: number | null = null;
  let item = 0;
  let start = opening === null ? text.length : opening.index + opening[0].length;
  while (start < text.length) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next + 1;
    const indent = indentOf(text, start);
    if (text.startsWith("- ", start + indent) && (dash === null || dash === indent)) {
      if (dash !== null) yield text.slice(item, start);
      dash = indent;
      item = start;
    } else if (dash === null || (indent <= dash && text.slice(start, end).trim() !== "")) break;
    start = end;
  }
  if (dash !== null) yield text.slice(item, start);
}

/** The number of spaces at a place. */
function indentOf(text: string, start: number): number {
  let end = start;
  while (text[end] === " ") end += 1;
  return end - start;
}
