import type { LinkNews, OfferResult } from "../service/accounts/results.ts";
import type { SignInLink } from "../store/sign-in-links.ts";
import type { Message } from "../view/document/message.ts";
import { linkNews, linkWaiting } from "../view/account/sign-in-link.ts";
import type { Conversation } from "./conversation.ts";

/**
 * The one message of a sign-in by link, under which it is found again for as long as there is
 * something to add.
 */
const LINK_KEY = "link";

/**
 * Shows address and code. A crash may have come before or after it was said, and a note that the
 * server is being asked may stand in its place.
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

/** Stands in the place of the link to come, while the server is asked. */
export async function sayLinkNote(conversation: Conversation, note: Message): Promise<void> {
  await conversation.say(note, { key: LINK_KEY });
}

/** Says how to go on where there is no link. */
export async function sayInPlaceOfLink(
  conversation: Conversation,
  message: Message,
  isNoteSaid: boolean,
): Promise<void> {
  await conversation.say(message, { key: "answer", ...(isNoteSaid && { replaces: LINK_KEY }) });
}

/**
 * Tells what becomes of a link, in its message. How it ended is told once, however often a crash
 * repeats that.
 */
export async function tellLinkNews(
  conversation: Conversation,
  link: SignInLink,
  news: LinkNews,
  { now, prefix }: { now: number; prefix: string },
): Promise<void> {
  const key = news.kind === "waiting" ? `${LINK_KEY}.at.${now}` : `${LINK_KEY}.end`;
  await conversation.say(linkNews(news, { side: link.side, userId: link.userId, prefix }), {
    key,
    replaces: LINK_KEY,
  });
}
