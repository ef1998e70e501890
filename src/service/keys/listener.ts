import type { KeyCopy } from "../../model/key-copy.ts";
import type { WrittenKeyFile } from "../../platforms/key-files.ts";
import type { Emoji } from "../../platforms/keys.ts";
import type { KeyCopyEnd } from "./results.ts";

/**
 * Receives the events of work with keys, so that its owner can be informed. A crash can repeat each
 * call, so each is safe to repeat.
 */
export interface KeyCopyListener {
  /** Its progress or its state has changed. */
  changed(copy: KeyCopy): void;
  /** Its state has changed in a way that its owner must know. */
  news(copy: KeyCopy): Promise<void>;
  /** It is about to be stored as done. @param copy as it will be stored */
  ended(copy: KeyCopy, end: KeyCopyEnd): Promise<void>;
  /**
   * A key file of an export is to be sent. A crash can repeat the call, with the same ID for the
   * same keys.
   * @returns false if it was not sent, and will not be
   * @throws the reason of the signal, if it is aborted
   */
  fileWritten(
    copy: KeyCopy,
    file: WrittenKeyFile & { number: number },
    options: { isPlainAllowed: boolean; signal: AbortSignal },
  ): Promise<boolean>;
  /** The other device shows these emoji. The owner compares them. */
  emojiShown(copy: KeyCopy, emoji: readonly Emoji[]): Promise<void>;
  /** The process is about to end. Resolves when no more messages are sent. */
  stop(): Promise<void>;
}
