import { MAX_FILLED_TEXT, cutAtWord, filled } from "../../grammar/placeholders.ts";
import type { Side } from "../../model/account.ts";
import type { TextFacts } from "../../platforms/contact.ts";
import { matrixToUser } from "../document/matrix-to.ts";
import { valuesIn } from "./text-for-others.ts";

/**
 * The message by which people learn of the new account. A typed text that lacks the ID of the other
 * account gets it in brackets, so that each account proves its own half.
 */
export function announcement({ by, typed, ...facts }: TextFacts & { by: Side }): string {
  const other = by === "source" ? facts.new : facts.old;
  if (typed === null) return by === "source" ? byOld(facts.new) : byNew(facts.old);
  const text = filled(typed, valuesIn(facts)).trim();
  if (text.includes(other)) return text;
  const inBrackets = ` (${other})`;
  return cutAtWord(text, MAX_FILLED_TEXT - inBrackets.length) + inBrackets;
}

function byOld(target: string): string {
  return `I have moved to a new Matrix account: ${target}. Please use that one to reach me from now on. ${matrixToUser(target)}`;
}

function byNew(source: string): string {
  return `This is my new Matrix account. The old one is ${source}, which has announced the move itself.`;
}
