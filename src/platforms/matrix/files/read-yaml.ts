import { parseDocument } from "yaml";

/** A larger document is read item by item. Whole, it would take hundreds of megabytes. */
const MAX_WHOLE_LENGTH = 524_288;

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
  for (const item of itemsOf(text)) {
    const list = parsed(item);
    if (!Array.isArray(list)) return undefined;
    for (const entry of list) items.push(entry);
  }
  return { roomSave: items };
}

function parsed(yaml: string): unknown {
  try {
    const document = parseDocument(yaml, { schema: "core", merge: false, strict: true, uniqueKeys: true });
    if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
    // No real list has anchors, and a few lines of them can stand for a billion rooms.
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  } catch {
    return undefined;
  }
}

/** The items of the list, each as a list of its own. Tools write one key in a line. */
function* itemsOf(text: string): Generator<string, void, undefined> {
  const start = /^roomSave\s*:[^\n]*\n/mu.exec(text);
  let dash: string | null = null;
  let item = "";
  for (const line of linesFrom(text, start === null ? text.length : start.index + start[0].length)) {
    const [indent = ""] = /^ */u.exec(line) ?? [];
    if (line.startsWith("- ", indent.length) && (dash === null || dash === indent)) {
      dash = indent;
      if (item !== "") yield item;
      item = line;
    } else if (dash === null || (line.trim() !== "" && indent.length <= dash.length)) break;
    else item += line;
  }
  if (item !== "") yield item;
}

/** Each with the character that ends it. */
function* linesFrom(text: string, from: number): Generator<string, void, undefined> {
  for (let start = from; start < text.length;) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next + 1;
    yield text.slice(start, end);
    start = end;
  }
}
