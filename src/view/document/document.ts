/**
 * A message of the bot, as a tree. It is written once and drawn twice, as plain text and as HTML
 * (plain-text.ts, html.ts). It has only the formats that every client shows well: bold, code,
 * links, quotes, code blocks and lists one level deep (view/README.md, "What clients show").
 */
export type Inline =
  | string
  | { kind: "strong"; children: readonly Inline[] }
  /** Several pieces as one. */
  | { kind: "group"; children: readonly Inline[] }
  | { kind: "code"; text: string }
  | { kind: "link"; url: string; text: string }
  | { kind: "person"; userId: string }
  /** A link to a room. HTML shows only the name. Plain text also shows the alias or ID. */
  | { kind: "room"; url: string; name: string; id: string };

/** A block of a message. */
export type Block =
  | { kind: "paragraph"; children: readonly Inline[] }
  | { kind: "list"; isNumbered: boolean; start: number; items: readonly (readonly Inline[])[] }
  | { kind: "quote"; children: readonly Inline[] }
  | { kind: "codeBlock"; text: string }
  | { kind: "verbatim"; text: string };

/** A whole message. */
export type Document = readonly Block[];

/** Bold text. */
export function strong(...children: Inline[]): Inline {
  return { kind: "strong", children };
}

/**
 * For IDs, commands and everything that people copy. Clients do not turn code into links or pills.
 */
export function code(text: string): Inline {
  return { kind: "code", text };
}

/** @param url an https address @param text shown in HTML; plain text shows the address */
export function link(url: string, text: string): Inline {
  return { kind: "link", url, text };
}

/** A link to a person. It notifies nobody: only `m.mentions` does. */
export function person(userId: string): Inline {
  return { kind: "person", userId };
}

/**
 * A link to a room.
 * @param url to `matrix.to`
 * @param name the text of the link
 * @param id the alias or ID that plain text shows after the name; empty for none
 */
export function roomLink(url: string, name: string, id: string): Inline {
  return { kind: "room", url, name, id };
}

/** A paragraph. */
export function paragraph(...children: Inline[]): Block {
  return { kind: "paragraph", children };
}

/** A list with bullets. */
export function list(items: readonly (Inline | readonly Inline[])[]): Block {
  return { kind: "list", isNumbered: false, start: 1, items: items.map(toInlines) };
}

/** A list with bullets that shows the first items and counts the others: "and 12 more". */
export function cutList(items: readonly (Inline | readonly Inline[])[], maxShown: number): Block {
  const more = items.length - maxShown;
  return list(more > 0 ? [...items.slice(0, maxShown), `and ${more} more`] : items);
}

/** A numbered list. */
export function numberedList(items: readonly (Inline | readonly Inline[])[], start = 1): Block {
  return { kind: "list", isNumbered: true, start, items: items.map(toInlines) };
}

/** Text of another author, such as a server. */
export function quote(...children: Inline[]): Block {
  return { kind: "quote", children };
}

/** Text in its own lines, to be copied unchanged. */
export function codeBlock(text: string): Block {
  return { kind: "codeBlock", text };
}

/**
 * Text that other people will read, every character unchanged. It wraps, unlike a code block.
 * Clients turn nothing in it into links or pills.
 */
export function verbatim(text: string): Block {
  return { kind: "verbatim", text };
}

/** Inline pieces with a separator between them. */
export function join(pieces: readonly Inline[], separator: string): Inline[] {
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece]));
}

function toInlines(item: Inline | readonly Inline[]): readonly Inline[] {
  return isInlineArray(item) ? item : [item];
}

function isInlineArray(item: Inline | readonly Inline[]): item is readonly Inline[] {
  return Array.isArray(item);
}
