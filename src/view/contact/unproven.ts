import { cutAtWord } from "../../grammar/placeholders.ts";
import type { WriterFacts } from "../../platforms/contact.ts";

/** Nobody has signed in the old account, so nothing shows that the writer is its owner. */
export const UNPROVEN = "I can't prove this here; ask me on another channel.";

/**
 * A text of at most this many characters that says that nothing is proven, if it is so. The
 * sentence is never cut. A text that has it already stays as it is.
 * @param end what follows the text, also never cut
 */
export function withProof(
  text: string,
  { isProven }: Pick<WriterFacts, "isProven">,
  { maxLength, between, end = "" }: { maxLength: number; between: string; end?: string },
): string {
  const whole = `${text}${end}`;
  if (isProven || (text.includes(UNPROVEN) && Array.from(whole).length <= maxLength))
    return `${cutAtWord(text, maxLength - end.length)}${end}`;
  const last = `${between}${UNPROVEN}${end}`;
  return `${cutAtWord(text.trimEnd(), maxLength - last.length)}${last}`;
}
