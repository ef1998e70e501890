import type { Placeholder, TextMistake } from "../../grammar/placeholders.ts";
import { MAX_TYPED_TEXT } from "../../grammar/placeholders.ts";
import { code, join, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** A text for other people cannot be used. @param allowed the placeholders of the command */
export function textMistaken(mistake: TextMistake, allowed: readonly Placeholder[]): Message {
  switch (mistake.code) {
    case "too_long":
      return notice(
        paragraph(
          `Your text has ${mistake.length} characters. At most ${MAX_TYPED_TEXT} are possible, so nothing was done. Please shorten it.`,
        ),
      );
    case "unknown_placeholder": {
      const right = (mistake.nearest === null ? allowed : [mistake.nearest]).map((name) => code(`{${name}}`));
      return notice(
        paragraph(
          "I can't fill ",
          code(`{${untrustedCode(mistake.name)}}`),
          mistake.nearest === null ? " in your text. I know " : " in your text. Did you mean ",
          ...join(right, ", "),
          mistake.nearest === null ? ". Nothing was done." : "? Nothing was done.",
        ),
      );
    }
  }
}
