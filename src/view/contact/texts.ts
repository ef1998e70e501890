import { filled } from "../../grammar/placeholders.ts";
import type { ContactTexts } from "../../platforms/contact.ts";
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
  leavingReason: (facts) => filled(facts.typed ?? "moved to {new}", facts),
};
