import { escapeUTF8 } from "entities";
import type { Block, Document, Inline } from "./document.ts";
import { matrixToUser } from "./matrix-to.ts";

/**
 * The document as `formatted_body`. A message of one paragraph has no `p`, which would push
 * "(edited)" to the edge. There is nothing between top-level tags (view/README.md, "How messages
 * look").
 */
export function renderHtml(document: Document): string {
  const [first] = document;
  if (document.length === 1 && first?.kind === "paragraph") return inlines(first.children);
  return document.map(block).join("");
}

function block(part: Block): string {
  switch (part.kind) {
    case "paragraph":
      return `<p>${inlines(part.children)}</p>`;
    case "quote":
      return `<blockquote><p>${inlines(part.children)}</p></blockquote>`;
    case "codeBlock":
      return `<pre><code>${escapeUTF8(part.text)}</code></pre>`;
    case "verbatim":
      return `<blockquote><p>${part.text.split("\n").map(verbatimLine).join("<br>")}</p></blockquote>`;
    case "list": {
      const items = part.items.map((item) => `<li>${inlines(item)}</li>`).join("");
      if (!part.isNumbered) return `<ul>${items}</ul>`;
      return part.start === 1 ? `<ol>${items}</ol>` : `<ol start="${part.start}">${items}</ol>`;
    }
  }
}

function inlines(children: readonly Inline[]): string {
  return children.map(inline).join("");
}

function verbatimLine(line: string): string {
  return line === "" ? "" : `<code>${escapeUTF8(line)}</code>`;
}

function inline(part: Inline): string {
  if (typeof part === "string") return escapeUTF8(part).replaceAll("\n", "<br>");
  switch (part.kind) {
    case "strong":
      return `<strong>${inlines(part.children)}</strong>`;
    case "group":
      return inlines(part.children);
    case "code":
      return `<code>${escapeUTF8(part.text)}</code>`;
    case "link":
      return `<a href="${escapeUTF8(part.url)}">${escapeUTF8(part.text)}</a>`;
    case "room": {
      const name = escapeUTF8(part.name);
      return `<a href="${escapeUTF8(part.url)}">${part.name === part.id ? `<code>${name}</code>` : name}</a>`;
    }
    case "person":
      return `<a href="${escapeUTF8(matrixToUser(part.userId))}">${escapeUTF8(part.userId)}</a>`;
  }
}
