import type { SignInLink } from "../model/sign-in-link.ts";
import type { LinkNews, OfferResult } from "../service/accounts/results.ts";
import { linkNews, linkWaiting } from "../view/account/sign-in-link.ts";
import type { Message } from "../view/document/message.ts";
import type { Conversation } from "./conversation.ts";

/** The key of the one message of a sign-in by link. Every later state edits that message. */
const LINK_KEY = "link";

/**
 * Shows the address and the code. The message is an edit in two cases:
 * 1. A note that the server is being asked was already sent (`isNoteSaid`).
 * 2. A crash may have come before or after the message was sent (`isRepeat`).
 */
export async function sayLink(
  conversation: Conversation,
  { link, isRepeat }: Extract<OfferResult, { status: "link" }>,
  isNoteSaid: boolean,
): Promise<void> {
  const message = linkWaiting(link);
  if (!isNoteSaid) await conversation.say(message, { key: LINK_KEY });
  if (isNoteSaid || isRepeat)
    await conversation.say(message, { key: `${LINK_KEY}.shown`, replaces: LINK_KEY });
}

/** A note that the server is being asked. The link replaces it. */
export async function sayLinkNote(conversation: Conversation, note: Message): Promise<void> {
  await conversation.say(note, { key: LINK_KEY });
}

/** Explains the other methods if the server offers no link. */
export async function sayInPlaceOfLink(
  conversation: Conversation,
  message: Message,
  isNoteSaid: boolean,
): Promise<void> {
  await conversation.say(message, { key: "answer", ...(isNoteSaid && { replaces: LINK_KEY }) });
}

/**
 * Reports a change of a sign-in by link in its message. The end is reported once, however often a
 * crash repeats this call.
 */
export async function sayLinkNews(
  conversation: Conversation,
  link: Pick<SignInLink, "side" | "userId">,
  news: LinkNews,
  { now, prefix }: { now: number; prefix: string },
): Promise<void> {
  const key = news.kind === "waiting" ? `${LINK_KEY}.at.${now}` : `${LINK_KEY}.end`;
  await conversation.say(linkNews(news, { side: link.side, userId: link.userId, prefix }), {
    key,
    replaces: LINK_KEY,
  });
}
