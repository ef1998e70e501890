import type { Logger } from "pino";
import type { Account } from "../../model/account.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import { isKeyCopyUnfinished } from "../../model/key-copy.ts";
import type { EmojiResult, EmojiVerification, OpenedBackup, PlatformKeys } from "../../platforms/keys.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import type { KeyCopyListener } from "./listener.ts";
import { KEPT_OPEN_MS } from "./pauses.ts";

export interface KeyVerificationsOptions {
  copies: Pick<KeyCopies, "of" | "apply">;
  keys: Pick<PlatformKeys, "verify">;
  listener: Pick<KeyCopyListener, "news" | "changed" | "emojiShown">;
  /** Called when a backup was opened and its copy may begin. */
  opened: () => void;
  now: () => number;
  log: Logger;
}

interface UnderWay {
  readonly copyId: number;
  readonly verification: EmojiVerification;
  readonly abort: AbortController;
  readonly work: Promise<void>;
}

/** Verifications of the bot's sessions by emoji, at most one for each person. */
export class KeyVerifications {
  readonly #options: KeyVerificationsOptions;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(options: KeyVerificationsOptions) {
    this.#options = options;
  }

  /**
   * Begins the verification of a stored copy. Call `end` before it.
   * @param secretOf what is sealed of the opened backup
   */
  begin(copy: KeyCopy, source: Account, secretOf: (opened: OpenedBackup) => object): void {
    const { keys, listener, log } = this.#options;
    const abort = new AbortController();
    const onEmoji: Parameters<PlatformKeys["verify"]>[1]["onEmoji"] = (emoji) => {
      listener.emojiShown(copy, emoji).catch((error: unknown) => {
        log.error({ err: error }, "the emoji of a verification could not be shown");
        abort.abort();
      });
    };
    const verification = keys.verify(source, { onEmoji }, abort.signal);
    const work = this.#settle(copy, verification, secretOf)
      .catch((error: unknown) => log.error({ err: error }, "a verification by emoji failed"))
      .then(() => {
        if (this.#underWay.get(copy.owner)?.copyId === copy.id) this.#underWay.delete(copy.owner);
      });
    this.#underWay.set(copy.owner, { copyId: copy.id, verification, abort, work });
  }

  /** The person has compared the emoji. @returns false if the verification is over */
  answer(owner: string, copyId: number, areSame: boolean): boolean {
    const underWay = this.#underWay.get(owner);
    if (underWay?.copyId !== copyId) return false;
    underWay.verification.answer(areSame);
    return true;
  }

  /** Ends the verification of a person. Resolves when nothing of it is under way. */
  async end(owner: string): Promise<void> {
    const underWay = this.#underWay.get(owner);
    underWay?.abort.abort();
    await underWay?.work;
  }

  /** The next start says to the people that their verifications have ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.#underWay.keys()].map((owner) => this.end(owner)));
  }

  async #settle(
    copy: KeyCopy,
    { result }: EmojiVerification,
    secretOf: (opened: OpenedBackup) => object,
  ): Promise<void> {
    const { copies, listener, opened: whenOpened, now } = this.#options;
    const ended = await failureOrResult(result);
    if (ended.status === "stopped") return;
    const present = await copies.of(copy.owner);
    if (present?.id !== copy.id || !isKeyCopyUnfinished(present)) return;
    if (ended.status === "failed") {
      const reason = { code: "not_opened", failure: ended.code } as const;
      // The message is sent before the end is stored. A crash in between gets its own message.
      await listener.news({ ...copy, state: "stopped", reason });
      await copies.apply(copy.id, "stopped", { reason });
      return;
    }
    const { version, publicKey } = ended.opened;
    const running = await copies.apply(copy.id, "opened", {
      from: { version, publicKey },
      secret: secretOf(ended.opened),
      openedUntil: now() + KEPT_OPEN_MS,
      notBefore: now(),
    });
    if (running === null) return;
    await listener.news(running);
    whenOpened();
  }
}

/** A server that refuses or is away is one more failure. */
async function failureOrResult(
  result: Promise<EmojiResult>,
): Promise<Exclude<EmojiResult, { status: "failed" }> | { status: "failed"; code: string }> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof UnreadableAccountError) return { status: "failed", code: error.refusal.code };
    throw error;
  }
}
