import type { Block, Document, Inline } from "./document.ts";
import { paragraph } from "./document.ts";
import { renderHtml } from "./html.ts";
import type { Message } from "./message.ts";
import { renderPlainText } from "./plain-text.ts";

/**
 * Limit for a message's plain text and HTML together. An event has at most 65,536 bytes; encryption
 * adds a third, and an edit carries everything twice (view/README.md, "Edits").
 */
export const maxMessageBytes = 16_000;
const MAX_PAGES = 3;
/** Between blocks of plain text: an empty line. */
const SEPARATOR_BYTES = 2;
/** The bytes that a list adds to an item, numbers included. */
const LIST_BYTES = 50;

/**
 * Splits a message into the messages to send:
 * 1. A short one is not split.
 * 2. A longer one is split between blocks and list items.
 * 3. If that is still too long, only its beginning is sent, with a text file of all of it.
 */
export function paginate(message: Message): Message[] {
  const pages = split(message.document, maxMessageBytes);
  if (pages.length <= 1) return [message];
  const attachments = message.attachments ?? [];
  if (pages.length > MAX_PAGES) {
    const whole = {
      fileName: "answer.txt",
      mimeType: "text/plain",
      bytes: Buffer.from(renderPlainText(message.document)),
    };
    const more = paragraph("This is only the beginning. The file has all of it.");
    const [first = []] = split(message.document, maxMessageBytes - size([more]) - SEPARATOR_BYTES);
    return [{ ...message, document: [...first, more], attachments: [whole, ...attachments] }];
  }
  return pages.map((document, index) => ({
    document,
    // One mention is enough to notify a person.
    tone: index === 0 ? message.tone : "notice",
    ...(index === pages.length - 1 && { attachments }),
  }));
}

function split(document: Document, limit: number): Document[] {
  const pages: Block[][] = [[]];
  let pageSize = 0;
  for (const piece of document.flatMap((block) => splitBlock(block, limit))) {
    const pieceSize = size([piece]) + SEPARATOR_BYTES;
    if (pageSize > 0 && pageSize + pieceSize > limit) {
      pages.push([]);
      pageSize = 0;
    }
    pages.at(-1)?.push(piece);
    pageSize += pieceSize;
  }
  return pages.map(mergeLists);
}

/** Splits a block into pieces that each fit into a message. */
function splitBlock(block: Block, limit: number): Block[] {
  if (size([block]) + SEPARATOR_BYTES <= limit) return [block];
  switch (block.kind) {
    case "list":
      return block.items.flatMap((item, index): Block[] =>
        splitInlines(item, limit).map((part) => ({
          kind: "list",
          isNumbered: block.isNumbered,
          start: block.start + index,
          items: [part],
        })),
      );
    case "paragraph":
    case "quote":
      return splitInlines(block.children, limit).map((children) => ({ kind: block.kind, children }));
    case "codeBlock":
      return chunks(block.text, limit).map((text) => ({ kind: "codeBlock", text }));
    case "verbatim":
      return chunks(block.text, Math.floor(limit / 2)).map((text) => ({ kind: "verbatim", text }));
  }
}

function splitInlines(children: readonly Inline[], limit: number): Inline[][] {
  // A quote takes more bytes than any other block.
  if (size([{ kind: "quote", children }]) + LIST_BYTES <= limit) return [[...children]];
  return chunks(renderPlainText([{ kind: "paragraph", children }]), limit).map((text) => [text]);
}

/**
 * Cuts a text into chunks. A character may take six bytes in HTML (`&quot;`) besides its own in
 * plain text. A character of two code units is not cut in half.
 */
function chunks(text: string, limit: number): string[] {
  const length = Math.floor(limit / 10);
  const found = [];
  for (let start = 0; start < text.length;) {
    const end = start + length;
    const isPair = end < text.length && (text.codePointAt(end - 1) ?? 0) > 0xffff;
    found.push(text.slice(start, isPair ? end - 1 : end));
    start = isPair ? end - 1 : end;
  }
  return found;
}

/** Joins neighbouring one-item lists, which a split made, into one list again. */
function mergeLists(blocks: readonly Block[]): Block[] {
  const merged: Block[] = [];
  for (const block of blocks) {
    const previous = merged.at(-1);
    if (
      block.kind === "list" &&
      previous?.kind === "list" &&
      block.isNumbered &&
      previous.isNumbered &&
      block.start === previous.start + previous.items.length
    ) {
      merged[merged.length - 1] = { ...previous, items: [...previous.items, ...block.items] };
    } else if (
      block.kind === "list" &&
      previous?.kind === "list" &&
      !block.isNumbered &&
      !previous.isNumbered
    ) {
      merged[merged.length - 1] = { ...previous, items: [...previous.items, ...block.items] };
    } else merged.push(block);
  }
  return merged;
}

function size(document: Document): number {
  return Buffer.byteLength(renderPlainText(document)) + Buffer.byteLength(renderHtml(document));
}
