import { cutAtWord, filled } from "../../grammar/placeholders.ts";
import type { TextFacts } from "../../platforms/contact.ts";
import { valuesIn } from "./text-for-others.ts";

const MAX_REASON = 500;

/** The first message in a new direct chat of the new account. */
export function directChatText(facts: TextFacts): string {
  const { old, new: target, name, typed } = facts;
  const values = valuesIn(facts);
  if (typed !== null) return filled(typed, values);
  const called = name === old ? old : `${values.name} (${old})`;
  return `Hello, this is ${called}. I have moved to a new account, ${target}, which writes to you now. Our old chat could not come along. Shall we go on here?`;
}

/** The reason of the invitation. In an encrypted chat it is all that the person reads. */
export function directChatReason(facts: TextFacts): string {
  return cutAtWord(directChatText(facts).replaceAll(/\s+/gu, " ").trim(), MAX_REASON);
}
