import { filled } from "../../grammar/placeholders.ts";
import type { TextFacts } from "../../platforms/contact.ts";

const DEFAULT_NAME = "{name} (now {new})";

/**
 * The old account's name with the ID of the new one. If it is too long, `{name}` is shortened,
 * never an ID. A text that is too long without it stays too long.
 * @param maxLength in code points, as Synapse counts them (handlers/profile.py)
 */
export function newName({ typed, maxLength, ...facts }: TextFacts & { maxLength: number }): string {
  const text = (typed ?? DEFAULT_NAME).replaceAll(/\s+/gu, " ").trim();
  const withName = (name: string): string => filled(text, { ...facts, name }).trim();
  const own = facts.name.replaceAll(/\s+/gu, " ").trim();
  const whole = withName(own);
  if (lengthOf(whole) <= maxLength) return whole;
  const occurrences = text.split("{name}").length - 1;
  const room = maxLength - lengthOf(filled(text, { ...facts, name: "" }));
  return withName(shortened(own, occurrences === 0 ? 0 : Math.floor(room / occurrences)));
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** The beginning of a name with an ellipsis, cut between characters as people see them. */
function shortened(name: string, maxLength: number): string {
  if (maxLength < 2) return "";
  let kept = "";
  for (const { segment } of new Intl.Segmenter("en").segment(name)) {
    if (lengthOf(kept) + lengthOf(segment) > maxLength - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}
