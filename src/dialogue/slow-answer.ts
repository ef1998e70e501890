import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../view/document/message.ts";
import type { Conversation, SayOptions } from "./conversation.ts";

/** After this time a person is informed that the bot is working. */
export const SLOW_AFTER_MS = 1_500;

/**
 * Sends the result of `work`. If the work is slow, a note first says what the bot waits for. A
 * routine answer then replaces that note. An answer that must notify the person is a new message,
 * because an edit notifies nobody (view/README.md, "Edits").
 */
export async function answerInTime(
  conversation: Conversation,
  meanwhile: Message,
  work: () => Promise<Message>,
  options: Pick<SayOptions, "leavesNoTrace"> = {},
): Promise<void> {
  const { result: answer, isAnnounced } = await announceIfSlow(
    () => conversation.say(meanwhile, { key: "meanwhile" }),
    work,
  );
  const isReplacement = isAnnounced && answer.tone === "notice";
  await conversation.say(answer, {
    ...options,
    key: "answer",
    ...(isReplacement && { replaces: "meanwhile" }),
  });
}

/** Does the work, and announces it if it is slow. */
export async function announceIfSlow<Result>(
  announce: () => Promise<void>,
  work: () => Promise<Result>,
): Promise<{ result: Result; isAnnounced: boolean }> {
  const ended = new AbortController();
  const announced = announceAfter(SLOW_AFTER_MS, ended.signal, announce);
  // If this fails before the work ends, `await` below reports it. Until then the rejection must not
  // count as unhandled.
  announced.catch(() => undefined);
  try {
    const result = await work();
    ended.abort();
    return { result, isAnnounced: await announced };
  } finally {
    ended.abort();
  }
}

/** Announces after the delay, unless the signal comes first. Returns whether it announced. */
async function announceAfter(
  ms: number,
  signal: AbortSignal,
  announce: () => Promise<void>,
): Promise<boolean> {
  const isTime = await sleep(ms, true, { signal }).catch(() => false);
  if (isTime) await announce();
  return isTime;
}
