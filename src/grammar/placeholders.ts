import { nearestWord } from "./nearest-word.ts";

/** The longest text that a person may type for other people, in characters. */
export const MAX_TYPED_TEXT = 2_000;
/** The longest text after filling, in characters. */
export const MAX_FILLED_TEXT = 4_000;

/** What can stand in braces in every text: the IDs of both accounts and the old one's name. */
export const ACCOUNT_PLACEHOLDERS = ["old", "new", "name"] as const;
/** What can stand in braces in a question to helpers. */
export const PLACEHOLDERS = [...ACCOUNT_PLACEHOLDERS, "rooms"] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** What is wrong with a typed text. */
export type TextMistake =
  | { code: "too_long"; length: number }
  | { code: "unknown_placeholder"; name: string; nearest: Placeholder | null };

const placeholderPattern = /\{([^{}\s]{1,40})\}/gu;

/** @returns `null` if the text can be filled @param allowed the placeholders of the command */
export function textMistake(text: string, allowed: readonly Placeholder[]): TextMistake | null {
  const { length } = Array.from(text);
  if (length > MAX_TYPED_TEXT) return { code: "too_long", length };
  const names = [...text.matchAll(placeholderPattern)].map(([, name = ""]) => name);
  const unknown = names.find((name) => !allowed.some((each) => each === name));
  if (unknown === undefined) return null;
  const nearest = nearestWord(unknown, allowed);
  return {
    code: "unknown_placeholder",
    name: unknown,
    nearest: allowed.find((each) => each === nearest) ?? null,
  };
}

/**
 * Fills a text once: what looks like a placeholder in a value stays as it is. A text that becomes
 * too long is cut at a word.
 */
export function filled(text: string, values: Readonly<Partial<Record<Placeholder, string>>>): string {
  const whole = text.replaceAll(placeholderPattern, (match, name: string) => {
    const placeholder = PLACEHOLDERS.find((each) => each === name);
    return (placeholder && values[placeholder]) ?? match;
  });
  return cutAtWord(whole, MAX_FILLED_TEXT);
}

/** A text of at most this many characters. What is left out is shown by an ellipsis. */
export function cutAtWord(text: string, maxLength: number): string {
  const characters = Array.from(text);
  if (characters.length <= maxLength) return text;
  const kept = characters.slice(0, maxLength - 1).join("");
  const atWord = /\s/u.test(characters[maxLength - 1] ?? "") ? kept : kept.replace(/\s+\S*$/u, "");
  return `${atWord.trimEnd()}…`;
}
