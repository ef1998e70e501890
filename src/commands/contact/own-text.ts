import type { Placeholder } from "../../grammar/placeholders.ts";
import { textMistake } from "../../grammar/placeholders.ts";
import { textMistaken } from "../../view/contact/text-mistake.ts";
import type { Message } from "../../view/document/message.ts";

/** A text for other people in a command. */
export interface OwnText {
  /** `null`: the person typed none, so the usual text is used. */
  text: string | null;
  /** The answer if the text cannot be used. */
  mistaken: Message | null;
}

/**
 * @param typed the value of the flag or positional
 * @param allowed the placeholders of the command
 */
export function ownText(typed: unknown, allowed: readonly Placeholder[]): OwnText {
  if (typeof typed !== "string" || typed.trim() === "") return { text: null, mistaken: null };
  const mistake = textMistake(typed, allowed);
  return { text: typed, mistaken: mistake && textMistaken(mistake, allowed) };
}
