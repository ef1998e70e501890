import type { Message } from "../view/document/message.ts";
import type { Conversation } from "./conversation.ts";

/** Quick work needs no note. */
const FIRST_AFTER_MS = 1_500;
/**
 * Each edit stays in the room's history and takes from the bot's own limit (rendering.md section
 * 6). The outbox keeps them apart where sending takes its time.
 */
const EDIT_EVERY_MS = 5_000;

/**
 * One message that says how far long work is: said when it takes a while, and edited when there is
 * something new.
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

  /** Nothing more is shown; resolves when what was is on its way. */
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
    // Met in finish().
    this.#saying.catch(() => undefined);
  }
}
