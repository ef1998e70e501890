import type { Block, Document, Inline } from "./document.ts";

/**
 * The document as `body`. It has the whole message: notifications, quotes and text-only clients
 * show nothing else.
 */
export function renderPlainText(document: Document): string {
  return document.map(block).join("\n\n");
}

function block(part: Block): string {
  switch (part.kind) {
    case "paragraph":
      return inlines(part.children);
    case "quote":
      return inlines(part.children)
        .split("\n")
        .map((line) => `> ${line}`)
        .join("\n");
    case "codeBlock":
      return part.text
        .split("\n")
        .map((line) => `    ${line}`)
        .join("\n");
    case "verbatim":
      return part.text;
    case "list":
      return part.items
        .map((item, index) => `${part.isNumbered ? `${part.start + index}.` : "-"} ${inlines(item)}`)
        .join("\n");
  }
}

function inlines(children: readonly Inline[]): string {
  return children.map(inline).join("");
}

function inline(part: Inline): string {
  if (typeof part === "string") return part;
  switch (part.kind) {
    case "strong":
    case "group":
      return inlines(part.children);
    case "code":
      return part.text;
    case "link":
      return part.text === part.url ? part.url : `${part.text} (${part.url})`;
    case "room":
      return part.id === "" || part.name === part.id ? part.name : `${part.name} ${part.id}`;
    case "person":
      return part.userId;
  }
}
