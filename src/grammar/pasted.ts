import { secretFlagIn } from "./secrets.ts";
import { closingQuotes } from "./tokens.ts";

/**
 * Invisible characters that copied text often holds: zero-width space, word joiner, byte order
 * mark, soft hyphen and direction marks. The zero-width joiners stay, because they are part of
 * words and of emoji. So do the characters that turn text round, because a name with one is no
 * valid name.
 */
const shapeless = String.raw`\u00AD\u200B\u200E\u200F\u2060\u2066-\u2069\uFEFF`;
const invisible = new RegExp(`[${shapeless}]+`, "gu");
const invisibleEdges = new RegExp(String.raw`^[\s${shapeless}]+|[\s${shapeless}]+$`, "gu");

/** The text without invisible characters. From a secret only those at its edges are removed. */
export function withoutInvisible(text: string): string {
  const secretAt = secretFlagIn(text)?.valueAt ?? text.length;
  return text.slice(0, secretAt).replace(invisible, "") + text.slice(secretAt).replace(invisibleEdges, "");
}

/** The marks around a copied text: the closing mark by the opening one. */
const closingMarks: Readonly<Record<string, string>> = {
  ...closingQuotes,
  "`": "`",
  "*": "*",
  _: "_",
  "~": "~",
  "(": ")",
};
const listMark = /^(?:[-*+•]|\d{1,2}[.)])\s+/u;
const fence = /^```[a-z]*\s*\n/u;
const sentenceEnd = /[.,;!?…。．，！？]+$/u;

/**
 * The text without the marks that a person copied with a command: back-ticks, a code block, bold,
 * quotes, the mark of a list. As many closing marks are removed as there were opening ones, so that
 * a secret at the end keeps its own.
 */
export function withoutMarks(text: string): string {
  const line = text.replace(listMark, "");
  let at = 0;
  while (Object.hasOwn(closingMarks, line.charAt(at))) at++;
  let rest = line.slice(at).trim();
  if (fence.test(line)) rest = line.replace(fence, "").trim();
  for (const opening of line.slice(0, at)) {
    const closing = closingMarks[opening] ?? "";
    const unended = rest.replace(sentenceEnd, "");
    const end = closing.includes(rest.charAt(rest.length - 1)) ? rest : unended;
    if (closing.includes(end.charAt(end.length - 1))) rest = end.slice(0, -1).trimEnd();
  }
  return rest;
}
