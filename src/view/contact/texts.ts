import { filled } from "../../grammar/placeholders.ts";
import type { ContactTexts, TextFacts } from "../../platforms/contact.ts";
import { announcement } from "./announcement.ts";
import { askReason, askText } from "./ask-text.ts";
import { directChatReason, directChatText } from "./direct-chat-text.ts";
import { knockReason } from "./knock-reason.ts";
import { newName } from "./new-name.ts";

/** The texts that other people read. */
export const contactTexts: ContactTexts = {
  ask: askText,
  askReason,
  knockReason,
  directChat: directChatText,
  directChatReason,
  announcement,
  newName,
  leavingReason: (facts) => typedOr(facts, "moved to {new}"),
};

function typedOr({ old, new: target, name, typed }: TextFacts, usual: string): string {
  return filled(typed ?? usual, { old, new: target, name });
}
