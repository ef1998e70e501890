import type { Logger } from "pino";
import type { ConversationAddress } from "../model/conversation-address.ts";
import type { KeyCopy } from "../model/key-copy.ts";
import { isKeyCopyUnfinished } from "../model/key-copy.ts";
import type { Emoji } from "../platforms/keys.ts";
import type { KeyCopyListener } from "../service/keys/listener.ts";
import type { KeyCopyEnd } from "../service/keys/results.ts";
import type { KeyCopies } from "../store/key-copies.ts";
import { emojiQuestion } from "../view/keys/emoji.ts";
import { copyEnded } from "../view/keys/end.ts";
import { exportEnded } from "../view/keys/export.ts";
import { workNews, workProgress } from "../view/keys/work.ts";
import type { Conversation } from "./conversation.ts";
import { EDIT_EVERY_MS } from "./conversation.ts";

/** The name of the action in `ConfirmableActions` that takes the answer about the emoji. */
export const EMOJI_ACTION = "keys emoji";
/** The words of the answer. The reaction stands for the first. */
export const EMOJI_WORDS = { same: "same", different: "different" } as const;

/** The answer to the command is sent first. */
const FIRST_AFTER_MS = 1_000;

export interface KeyAnnouncerOptions {
  copies: Pick<KeyCopies, "of" | "change">;
  /** Opens a conversation. The scope separates its keys from those of the command. */
  conversationAt: (
    address: ConversationAddress,
    cause: { kind: "key_copy"; id: number },
    scope: string,
  ) => Promise<Pick<Conversation, "say" | "ask" | "sendFile">>;
  prefix: string;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

interface Shown {
  /** The progress as it is shown, without the time of day. */
  drawn: string | null;
  /** When the message may be sent next, by the monotonic clock. */
  nextAt: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Reports work with keys to its owner. One message shows the current progress. New messages say
 * what the owner must know.
 */
export class KeyAnnouncer implements KeyCopyListener {
  readonly #options: KeyAnnouncerOptions;
  readonly #shown = new Map<number, Shown>();
  #saying: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: KeyAnnouncerOptions) {
    this.#options = options;
  }

  changed(copy: KeyCopy): void {
    const shown = this.#shownOf(copy);
    if (this.#isStopped || shown.timer !== null) return;
    const waitMs = Math.max(0, shown.nextAt - this.#options.monotonicNow());
    shown.timer = setTimeout(() => {
      shown.timer = null;
      this.#inTurn(() => this.#show(copy, shown));
    }, waitMs);
  }

  async news(copy: KeyCopy): Promise<void> {
    const message = workNews(copy, this.#options.prefix);
    if (message !== null) await (await this.#conversation(copy)).say(message, { key: keyOf(copy) });
  }

  /** Shows the end in the progress message at once, and sends a message that notifies. */
  async ended(copy: KeyCopy, end: KeyCopyEnd): Promise<void> {
    const shown = this.#shownOf(copy);
    if (shown.timer !== null) clearTimeout(shown.timer);
    shown.timer = null;
    this.#inTurn(() => this.#show(copy, shown, copy));
    await this.#saying;
    const words = copy.purpose === "export" ? exportEnded : copyEnded;
    const message = words(copy, end, this.#options.prefix);
    await (await this.#conversation(copy)).say(message, { key: keyOf(copy) });
  }

  async fileWritten(
    copy: KeyCopy,
    { bytes, id, number }: Parameters<KeyCopyListener["fileWritten"]>[1],
    options: Parameters<KeyCopyListener["fileWritten"]>[2],
  ): Promise<boolean> {
    const fileName = number === 1 ? "element-keys.txt" : `element-keys-${number}.txt`;
    const conversation = await this.#conversation(copy);
    return conversation.sendFile(
      { fileName, mimeType: "text/plain", bytes },
      { ...options, key: `file ${id}` },
    );
  }

  async emojiShown(copy: KeyCopy, emoji: readonly Emoji[]): Promise<void> {
    await (
      await this.#conversation(copy)
    ).ask(emojiQuestion(emoji, EMOJI_WORDS, this.#options.prefix), {
      word: EMOJI_WORDS.same,
      typedWords: [EMOJI_WORDS.different],
      action: EMOJI_ACTION,
      payload: { copyId: copy.id },
      shown: "",
    });
  }

  /** The number of copies that are shown at present. */
  get shownCount(): number {
    return this.#shown.size;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer } of this.#shown.values()) if (timer !== null) clearTimeout(timer);
    await this.#saying;
  }

  #shownOf({ id, progressCount }: KeyCopy): Shown {
    // A message of an earlier process may have been edited until that process ended.
    const waitMs = progressCount === 0 ? FIRST_AFTER_MS : EDIT_EVERY_MS;
    const shown = this.#shown.get(id) ?? {
      drawn: null,
      nextAt: this.#options.monotonicNow() + waitMs,
      timer: null,
    };
    this.#shown.set(id, shown);
    return shown;
  }

  /** @param as the work as it is about to be stored */
  async #show(copy: KeyCopy, shown: Shown, as: KeyCopy | null = null): Promise<void> {
    const { copies, now, monotonicNow, prefix } = this.#options;
    const stored = await copies.of(copy.owner);
    if (stored?.id !== copy.id) {
      this.#shown.delete(copy.id);
      return;
    }
    const { progressCount } = stored;
    const current = { ...stored, ...as, progressCount };
    if (!isKeyCopyUnfinished(current)) this.#shown.delete(copy.id);
    // Without progress, the answer to the command and the news say everything.
    const isFirst = progressCount === 0;
    if (isFirst && current.state !== "running" && current.state !== "waiting_for_server") return;
    if (isFirst && current.state === "running" && current.total === 0) return;
    // A changed time of day alone is no change.
    const drawn = JSON.stringify(workProgress(current, 0, prefix).document);
    if (drawn === shown.drawn) return;
    shown.drawn = drawn;
    const waitMs = isFirst ? 0 : Math.max(0, shown.nextAt - monotonicNow());
    shown.nextAt = monotonicNow() + waitMs + EDIT_EVERY_MS;
    const conversation = await this.#conversation(copy);
    const options = { notBefore: now() + waitMs, priority: "progress" } as const;
    const message = workProgress(current, now(), prefix);
    // The first message is counted after it is sent, because later ones edit it. A later one is
    // counted before: if it is then not sent, nothing is lost.
    if (isFirst) await conversation.say(message, { key: "progress", ...options });
    await copies.change(copy.id, { progressCount: progressCount + 1 });
    if (!isFirst)
      await conversation.say(message, {
        key: `progress ${progressCount}`,
        replaces: "progress",
        ...options,
      });
  }

  #conversation({ id, address }: KeyCopy): Promise<Pick<Conversation, "say" | "ask" | "sendFile">> {
    return this.#options.conversationAt(address, { kind: "key_copy", id }, `keys ${id}`);
  }

  #inTurn(work: () => Promise<void>): void {
    this.#saying = this.#saying.then(work).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "the progress of work with keys could not be shown");
    });
  }
}

/** The key of a message about a state. A message whose key was used before is not sent again. */
function keyOf({ state, reason, waitingSince }: KeyCopy): string {
  switch (state) {
    case "waiting_for_backup":
      return `waiting ${reason?.code ?? ""} ${waitingSince ?? 0}`;
    case "needs_you":
      return `needs you ${waitingSince ?? 0}`;
    case "needs_key":
      return "needs key";
    case "running":
      return "opened";
    default:
      return "end";
  }
}
