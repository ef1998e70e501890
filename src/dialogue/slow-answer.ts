import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../view/document/message.ts";
import type { Conversation, SayOptions } from "./conversation.ts";

/** A person who has waited this long wants to know that something is happening. */
const SLOW_AFTER_MS = 1_500;

/**
 * Says what `work` comes to, and, if that takes a while, what is being waited for first. A routine
 * answer then takes that message's place; one that must call the person is a new message, since an
 * edit notifies nobody (rendering.md, "Notifications").
 */
export async function answerInTime(
  conversation: Conversation,
  meanwhile: Message,
  work: () => Promise<Message>,
  options: Pick<SayOptions, "leavesNoTrace"> = {},
): Promise<void> {
  const { result: answer, isTold } = await tellIfSlow(
    () => conversation.say(meanwhile, { key: "meanwhile" }),
    work,
  );
  const isReplacement = isTold && answer.tone === "notice";
  await conversation.say(answer, {
    ...options,
    key: "answer",
    ...(isReplacement && { replaces: "meanwhile" }),
  });
}

/** Does the work, and tells that it is being done if it takes a while. */
export async function tellIfSlow<Result>(
  tell: () => Promise<void>,
  work: () => Promise<Result>,
): Promise<{ result: Result; isTold: boolean }> {
  const telling = new AbortController();
  const told = tellAfter(SLOW_AFTER_MS, telling.signal, tell);
  // Its failure is met below, if the work does not fail first; until then nobody listens.
  told.catch(() => undefined);
  try {
    const result = await work();
    telling.abort();
    return { result, isTold: await told };
  } finally {
    telling.abort();
  }
}

/** Whether it came to telling before the signal. */
async function tellAfter(ms: number, signal: AbortSignal, tell: () => Promise<void>): Promise<boolean> {
  const isTime = await sleep(ms, true, { signal }).catch(() => false);
  if (isTime) await tell();
  return isTime;
}
