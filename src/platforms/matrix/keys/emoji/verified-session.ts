import type { Emoji } from "../../../keys.ts";
import type { SendRequest } from "./session-requests.ts";

/** The durations of a verification, in milliseconds. */
export interface VerificationTimes {
  /** The other devices learn of a new device in this time. */
  readonly settle: number;
  /** When the request is sent again to devices that did not know the bot's device yet. */
  readonly repeats: readonly number[];
  /** How long the request can be accepted. */
  readonly request: number;
  /** How long the backup key is waited for. */
  readonly key: number;
  /** After which time without the backup key it is asked for again. */
  readonly keyRepeat: number;
  /** The longest wait of one `/sync`. */
  readonly poll: number;
  /** The pause after a `/sync` that ended at once, without an event. */
  readonly idle: number;
}

export const VERIFICATION_TIMES: VerificationTimes = {
  settle: 2_000,
  repeats: [10_000, 30_000, 90_000, 240_000],
  request: 10 * 60_000,
  key: 60_000,
  keyRepeat: 10_000,
  poll: 30_000,
  idle: 500,
};

/** The session that is verified, and its person. */
export interface VerifiedSession {
  readonly userId: string;
  readonly deviceId: string;
  /** The public key of the account's backup. */
  readonly publicKey: string;
  readonly send: SendRequest;
  /** The ID of the verification that was requested last, unless it is over. Survives a crash. */
  readonly pendingRequest: { get(): string | null; set(flowId: string | null): void };
  readonly onEmoji: (emoji: readonly Emoji[]) => void;
  /** Whether the person says that the emoji are the same. */
  readonly compared: Promise<boolean>;
  /** Resolves when the verification is to end. */
  readonly stopped: Promise<void>;
  readonly times: VerificationTimes;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

export type SessionResult =
  | { readonly status: "opened"; readonly key: string }
  | {
      readonly status: "failed";
      readonly code:
        | "no_cross_signing"
        | "no_other_device"
        | "refused"
        | "mismatch"
        | "timed_out"
        | "no_key_received"
        | "stale_backup_key"
        | "session_keys_lost"
        | "bot_failed";
    }
  | { readonly status: "stopped" };
