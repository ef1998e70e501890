import { filled } from "../../grammar/placeholders.ts";
import type { ContactTexts } from "../../platforms/contact.ts";
import { announcement } from "./announcement.ts";
import { askReason, askText } from "./ask-text.ts";
import { directChatReason, directChatText } from "./direct-chat-text.ts";
import { knockReason } from "./knock-reason.ts";
import { newName } from "./new-name.ts";
import { textForOthers, valuesIn } from "./text-for-others.ts";

/** The texts that other people read, as they are sent. */
export const contactTexts: ContactTexts = {
  ask: (facts) => textForOthers(askText(facts)),
  askReason: (facts) => textForOthers(askReason(facts)),
  knockReason: (facts) => textForOthers(knockReason(facts)),
  directChat: (facts) => textForOthers(directChatText(facts)),
  directChatReason: (facts) => textForOthers(directChatReason(facts)),
  announcement: (facts) => textForOthers(announcement(facts)),
  newName: (facts) => textForOthers(newName(facts)),
  leavingReason: (facts) => textForOthers(filled(facts.typed ?? "moved to {new}", valuesIn(facts))),
};
