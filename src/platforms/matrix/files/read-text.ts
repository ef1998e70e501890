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

function readLine(text: string, line: number, found: FoundInFile): void {
  let isUnread = false;
  for (let start = 0; start < text.length;) {
    const piece = pieceOf(text, start);
    start += piece.length;
    const ids = idsInLine(piece);
    isUnread ||= ids.isUnread;
    for (const { id, via, name } of ids.rooms) found.room({ roomId: id, via: [...via], name });
    for (const { id, name } of ids.people) found.contact({ userId: id, displayName: name, rooms: [] });
  }
  if (isUnread) found.unread(line, text);
}

/** Ends at a space, so that no ID is cut. */
function pieceOf(text: string, start: number): string {
  const piece = text.slice(start, start + MAX_PIECE);
  const space = piece.lastIndexOf(" ");
  return start + piece.length === text.length || space < 1 ? piece : piece.slice(0, space);
}
