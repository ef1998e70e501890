import type { FoundInFile } from "./found-in-file.ts";
import { idsInLine } from "./ids-in-text.ts";

/** A text, or a part of it. */
export interface TextOfFile {
  /** The line of the file at which it begins, from 1. */
  readonly line: number;
  readonly text: string;
  /** Whether each line of the text is one of the file. Otherwise all count as the first. */
  readonly hasFileLines: boolean;
}

/** Reads any text: mail, notes, Markdown, HTML, a chat log. */
export function readText({ line: first, text, hasFileLines }: TextOfFile, found: FoundInFile): void {
  let line = first;
  let start = 0;
  while (start <= text.length) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next;
    readLine(text.slice(start, end), line, found);
    if (hasFileLines) line += 1;
    start = end + 1;
  }
}

/** Longer lines are read in pieces, so that no piece takes long. */
const MAX_PIECE = 100_000;
/** The longest link that is read. */
const MAX_ID = 2_000;

/** Longer lines are not shown whole. What was not understood may be far from their start. */
const MAX_SHOWN_LINE = 120;

function readLine(text: string, line: number, found: FoundInFile): void {
  let unread: string | null = null;
  for (let start = 0; start < text.length;) {
    const piece = pieceOf(text, start);
    start += piece.length;
    const ids = idsInLine(piece);
    unread ??= ids.unread;
    for (const { id, via, name } of ids.rooms) found.room({ roomId: id, via: [...via], name });
    for (const { id, name } of ids.people) found.contact({ userId: id, displayName: name, rooms: [] });
  }
  if (unread !== null) found.unread(line, text.length > MAX_SHOWN_LINE ? unread : text);
}

/** Ends where an ID ends, so that none is cut. Some files have neither spaces nor lines. */
function pieceOf(text: string, start: number): string {
  const end = start + MAX_PIECE;
  if (end >= text.length) return text.slice(start);
  for (let index = end; index > end - MAX_ID; index -= 1)
    if (/[\s<>"'`(){}|,;]/u.test(text[index] ?? "")) return text.slice(start, index);
  return text.slice(start, end);
}
