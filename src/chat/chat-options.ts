import type { Logger } from "pino";
import type { Configuration } from "../config/configuration.ts";
import type { ConfirmableActions, Command } from "../dialogue/conversation.ts";
import type { Store } from "../store/store.ts";

/** What the chat is built from. */
export interface ChatOptions {
  configuration: Configuration;
  /** Client API address of the bot's homeserver. */
  baseUrl: string;
  store: Store;
  cryptoStoreKey: Buffer;
  commands: readonly Command[];
  /** Actions that people confirm with a reaction or a word. */
  confirmable: ConfirmableActions;
  isPermitted: (userId: string) => boolean;
  /** Whether a person's account is on the bot's homeserver. */
  isOnOwnServer: (userId: string) => boolean;
  now: () => number;
  log: Logger;
}

/**
 * Whole milliseconds of a clock that never jumps. Times that are stored are calculated from it, and
 * the database takes whole numbers only.
 */
export const monotonicNow = (): number => Math.floor(performance.now());
