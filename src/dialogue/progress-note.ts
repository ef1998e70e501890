import type { Message } from "../view/document/message.ts";
import type { Conversation } from "./conversation.ts";

/** Work that is faster than this needs no note. */
const FIRST_AFTER_MS = 1_500;
/**
 * Each edit stays in the room's history and counts against the bot's own rate limit
 * (view/README.md, "Edits"). The outbox keeps edits apart if sending is slow.
 */
const EDIT_EVERY_MS = 5_000;

/**
 * One message that shows the progress of long work. It is sent when the work takes a while, and
 * edited when the progress changes.
 */
export class ProgressNote {
  readonly #conversation: Conversation;
  #latest: Message;
  #shown: Message | null = null;
  #count = 0;
  #timer: NodeJS.Timeout;
  #saying: Promise<void> = Promise.resolve();

  constructor(conversation: Conversation, first: Message) {
    this.#conversation = conversation;
    this.#latest = first;
    this.#timer = setTimeout(() => this.#show(), FIRST_AFTER_MS);
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
