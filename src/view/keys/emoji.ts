import type { Emoji } from "../../platforms/keys.ts";
import type { Block } from "../document/document.ts";
import { code, list, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { untrustedText } from "../document/untrusted-text.ts";

/** The seven emoji, which the person compares with those of the other device. */
export function emojiQuestion(
  emoji: readonly Emoji[],
  { same, different }: { same: string; different: string },
  prefix: string,
): Message {
  return alert(
    paragraph(strong("Does your other device show the same seven emoji, in the same order?")),
    shown(emoji),
    paragraph(
      "If they are the same, confirm it in the app, and here with ✅ or the word ",
      code(same),
      ". If not, say so in the app, and type ",
      code(different),
      " here.",
    ),
    paragraph("There is about a minute for that. ", code(`${prefix}cancel keys`), " ends the verification."),
  );
}

/** Plain lists are read well by everybody, also where no emoji are drawn. */
function shown(emoji: readonly Emoji[]): Block {
  return list(emoji.map(({ symbol, name }) => [`${symbol} ${untrustedText(name)}`]));
}

/** The person has compared the emoji. */
export function emojiAnswered(areSame: boolean): Message {
  return notice(
    paragraph(
      areSame
        ? "Thank you. Please confirm it in the app as well, if you have not yet. Then your device gives me the key of the backup."
        : "Thank you. I end the verification.",
    ),
  );
}

/** The answer came when the verification was over. */
export function emojiTooLate(prefix: string): Message {
  return notice(
    paragraph(
      "That verification is over, so your answer changed nothing. To try again: ",
      code(`${prefix}keys copy --emoji`),
      ".",
    ),
  );
}
