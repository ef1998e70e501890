import { filled } from "../../grammar/placeholders.ts";
import type { WriterFacts } from "../../platforms/contact.ts";
import { valuesIn } from "./text-for-others.ts";

/** Element shows this much of a reason. The rest is behind "see more". */
const MAX_LENGTH = 120;

/**
 * The reason of a knock. The people in the room read it beside the new account's ID. The old
 * account's ID is never cut. An ID may be longer than the whole reason (255 characters).
 */
export function knockReason(facts: WriterFacts): string {
  const { old, isProven, typed } = facts;
  const openings = isProven
    ? [`${old} (a member here) moves to this account`, `${old} moves to this account`, `${old} moves here`]
    : [`says to be ${old}, whose server is gone`, `says to be ${old}`];
  const opening = openings.find(({ length }) => length <= MAX_LENGTH) ?? old;
  const more = typed === null ? "" : filled(typed, valuesIn(facts)).replaceAll(/\s+/gu, " ").trim();
  const rest = cutAtWord(more, MAX_LENGTH - opening.length - 2);
  return rest === "" ? opening : `${opening}: ${rest}`;
}

/** The words that fit. Empty if not even one word does. */
function cutAtWord(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const end = text.lastIndexOf(" ", maxLength - 1);
  return end <= 0 ? "" : `${text.slice(0, end)}…`;
}
