import type { ReadProgress } from "../platforms/reading.ts";
import { readingProgress } from "../view/account/reading.ts";
import type { Message } from "../view/document/message.ts";
import type { Conversation } from "./conversation.ts";
import { EDIT_EVERY_MS } from "./conversation.ts";
import { SLOW_AFTER_MS } from "./slow-answer.ts";

/**
 * Does long work and shows its progress in one message. The answer to the command is a separate
 * message.
 * @param first what the message says before there is progress
 */
export async function withProgressNote<Result>(
  conversation: Conversation,
  first: Message,
  work: (onProgress: (progress: ReadProgress) => void) => Promise<Result>,
): Promise<Result> {
  const note = new ProgressNote(conversation, first);
  return work((progress) => note.update(readingProgress(progress))).finally(() => note.finish());
}

/**
 * One message that shows the progress of long work. It is sent when the work takes a while, and
 * edited when the progress changes.
 */
class ProgressNote {
  readonly #conversation: Conversation;
  #latest: Message;
  #shown: Message | null = null;
  #count = 0;
  #timer: NodeJS.Timeout;
  #saying: Promise<void> = Promise.resolve();

  constructor(conversation: Conversation, first: Message) {
    this.#conversation = conversation;
    this.#latest = first;
    this.#timer = setTimeout(() => this.#show(), SLOW_AFTER_MS);
  }

  update(message: Message): void {
    this.#latest = message;
  }

  /** Stops showing progress. Resolves once the last note is stored for sending. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#saying;
  }

  #show(): void {
    this.#timer = setTimeout(() => this.#show(), EDIT_EVERY_MS);
    if (this.#latest === this.#shown) return;
    this.#shown = this.#latest;
    const count = this.#count++;
    const options =
      count === 0
        ? { key: "note" }
        : { key: `note${count}`, replaces: "note", priority: "progress" as const };
    const message = this.#latest;
    this.#saying = this.#saying.then(() => this.#conversation.say(message, options));
    // finish() reports this error.
    this.#saying.catch(() => undefined);
  }
}
