import type { TextFacts } from "../../platforms/contact.ts";
import type { Block } from "../document/document.ts";
import { verbatim } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

const MAX_NAME = 80;
/** Emoji and some scripts join their characters with these. */
const JOINERS = "\u200c\u200d";
const LINE_ENDS = /\r\n?|[\u2028\u2029\u0085]/gu;
const UNSEEN = new RegExp(`(?![${JOINERS}])[\\p{Cf}\\p{Co}\\p{Cs}]|(?!\\n)\\p{Cc}`, "gu");

/**
 * A text for other people, without characters that nobody sees or that change the order of others.
 * Line ends stay. It is sent like this, so a preview can show exactly what is sent.
 */
export function textForOthers(text: string): string {
  return text.replace(LINE_ENDS, "\n").replaceAll("\t", " ").replace(UNSEEN, "");
}

/** A text for other people, or a part of it, exactly as it is sent. Every preview shows it so. */
export function exactText(text: string): Block {
  return verbatim(textForOthers(text));
}

/** False if a text is shown without some of its characters, because it was not made here. */
export function isShownExactly(text: string): boolean {
  return textForOthers(text) === text;
}

/** What stands in texts for the placeholders. Names are of one line. */
export function valuesIn({ old, new: target, name }: Pick<TextFacts, "old" | "new" | "name">) {
  return { old, new: target, name: untrustedCode(name, MAX_NAME) };
}
