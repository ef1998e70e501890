import { MAX_FILLED_TEXT, filled } from "../../grammar/placeholders.ts";
import type { WriterFacts } from "../../platforms/contact.ts";
import { valuesIn } from "./text-for-others.ts";
import { UNPROVEN, withProof } from "./unproven.ts";

const MAX_REASON = 500;

/** The first message in a new direct chat of the new account. */
export function directChatText(facts: WriterFacts): string {
  return withProof(wordsOf(facts), facts, { maxLength: MAX_FILLED_TEXT, between: "\n\n" });
}

/** The reason of the invitation. In an encrypted chat it is all that the person reads. */
export function directChatReason(facts: WriterFacts): string {
  const inOneLine = wordsOf(facts).replaceAll(/\s+/gu, " ").trim();
  return withProof(inOneLine, facts, { maxLength: MAX_REASON, between: " " });
}

function wordsOf(facts: WriterFacts): string {
  const { old, new: target, name, isProven, typed } = facts;
  const values = valuesIn(facts);
  if (typed !== null) return filled(typed, values);
  const called = name === old ? old : `${values.name} (${old})`;
  return isProven
    ? `Hello, this is ${called}. I have moved to a new account, ${target}, which writes to you now. Our old chat could not come along. Shall we go on here?`
    : `Hello, this is ${called}. The server of that account is gone, so I write with a new one, ${target}. ${UNPROVEN} Our old chat could not come along. Shall we go on here?`;
}
