import { z } from "zod";
import { ACCOUNT_PROBLEM_CODES } from "./account-problem.ts";
import { sides } from "./account.ts";
import type { ConversationAddress } from "./conversation-address.ts";
import type { BackupIdentity } from "./key-backup.ts";

/**
 * Work with the room keys of a person: its states, the events that can happen to it, and the state
 * that follows. The store looks the new state up here, in the transaction that writes it.
 */

/**
 * - `copy`: from the backup of the old account to that of the new one.
 * - `import`: from a key file to the backup of the new account.
 * - `export`: from the backup of the old account to key files.
 */
export const KEY_PURPOSES = ["copy", "import", "export"] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/**
 * - `verifying`: the old backup is being opened by emoji. This state does not survive the process.
 * - `running`: the keys are being worked on.
 * - `waiting_for_backup`: the new account has no backup that may be written to.
 * - `waiting_for_server`: a server does not answer, or limits.
 * - `needs_you`: an account cannot be used until its owner acts.
 * - `needs_key`: what opens the old backup was erased, so it is asked for again.
 * - `done`, `stopped`, `cancelled`: nothing more happens.
 */
export const KEY_COPY_STATES = [
  "verifying",
  "running",
  "waiting_for_backup",
  "waiting_for_server",
  "needs_you",
  "needs_key",
  "done",
  "stopped",
  "cancelled",
] as const;
export type KeyCopyState = (typeof KEY_COPY_STATES)[number];

/**
 * - `opened`: the other device has handed out the key of the old backup.
 * - `backup_missing`: the new account has no backup that may be written to.
 * - `server_away`: a server does not answer, or limits.
 * - `continued`: what was waited for is there, or is looked at again.
 * - `needs_owner`: an account cannot be used until its owner acts.
 * - `signed_in`: the owner has signed in to the same account again.
 * - `key_erased`: what opens the old backup was erased before the end.
 * - `finished`: every key was worked on.
 * - `stopped`: it cannot go on.
 * - `cancelled`: a command of the owner.
 * - `abandoned`: one of its accounts is signed out, or another account is signed in instead.
 */
export const KEY_COPY_EVENTS = [
  "opened",
  "backup_missing",
  "server_away",
  "continued",
  "needs_owner",
  "signed_in",
  "key_erased",
  "finished",
  "stopped",
  "cancelled",
  "abandoned",
] as const;
export type KeyCopyEvent = (typeof KEY_COPY_EVENTS)[number];

type Transitions = Readonly<Partial<Record<KeyCopyEvent, KeyCopyState>>>;

const ENDED_BY_PEOPLE: Transitions = { cancelled: "cancelled", abandoned: "cancelled" };

/** An event that is not listed for a state does not apply and changes nothing. */
const TRANSITIONS: Readonly<Record<KeyCopyState, Transitions>> = {
  verifying: { ...ENDED_BY_PEOPLE, opened: "running", stopped: "stopped" },
  running: {
    ...ENDED_BY_PEOPLE,
    backup_missing: "waiting_for_backup",
    server_away: "waiting_for_server",
    needs_owner: "needs_you",
    key_erased: "needs_key",
    finished: "done",
    stopped: "stopped",
  },
  waiting_for_backup: {
    ...ENDED_BY_PEOPLE,
    backup_missing: "waiting_for_backup",
    continued: "running",
    needs_owner: "needs_you",
    key_erased: "needs_key",
    stopped: "stopped",
  },
  waiting_for_server: {
    ...ENDED_BY_PEOPLE,
    continued: "running",
    key_erased: "needs_key",
    stopped: "stopped",
  },
  needs_you: { ...ENDED_BY_PEOPLE, signed_in: "running", key_erased: "needs_key" },
  needs_key: ENDED_BY_PEOPLE,
  done: {},
  stopped: {},
  cancelled: {},
};

/** @returns `null` if the event does not apply; the state then stays as it is */
export function nextKeyCopyState(state: KeyCopyState, event: KeyCopyEvent): KeyCopyState | null {
  return TRANSITIONS[state][event] ?? null;
}

/** Whether something can still happen to it. */
export function isKeyCopyUnfinished({ state }: { state: KeyCopyState }): boolean {
  return nextKeyCopyState(state, "cancelled") !== null;
}

/** Whether what opens the keys is kept in a state. Everywhere else it is erased. */
export function holdsKeys(state: KeyCopyState): boolean {
  return nextKeyCopyState(state, "key_erased") !== null;
}

/** Why the bot waits, stopped or asks. The codes are stored, so they never change. */
export const keyCopyReasonSchema = z.discriminatedUnion("code", [
  /** `waiting_for_backup` (CS §Server-side key backups; `NoTargetBackup`). */
  z.object({ code: z.literal("none") }),
  z.object({ code: z.literal("switched_off") }),
  z.object({ code: z.literal("unsigned") }),
  z.object({ code: z.literal("unknown_algorithm") }),
  /** `waiting_for_server`. */
  z.object({ code: z.enum(["limit", "server"]), side: z.enum(sides) }),
  /** `needs_you`. */
  z.object({
    code: z.literal("account"),
    side: z.enum(sides),
    problem: z.enum(ACCOUNT_PROBLEM_CODES),
    page: z.string().nullable(),
  }),
  /** `needs_key`: the time is over, or the old account was signed in again. */
  z.object({ code: z.enum(["expired", "signed_in_again"]) }),
  /** `stopped`: the backup of the new account changed a second time, or a batch was refused. */
  z.object({ code: z.enum(["changed_again", "batch_refused"]), text: z.string() }),
  /** `stopped`: a server refused in words of its own, which are empty if it gave none. */
  z.object({ code: z.literal("refused"), side: z.enum(sides), text: z.string() }),
  /** `stopped`: the backup of the old account is another one than the opened one. */
  z.object({ code: z.literal("source_changed") }),
  /** `stopped`: the key file was deleted, or a file could not be sent to the chat. */
  z.object({ code: z.enum(["file_gone", "file_not_sent"]) }),
  /** `stopped`: the bot itself failed several times in a row. The log has the reason. */
  z.object({ code: z.literal("bot_failed") }),
  /** `stopped`: nobody made a backup for the new account in time. */
  z.object({ code: z.literal("waited_enough") }),
  /** `stopped`: the process ended during a verification by emoji. */
  z.object({ code: z.literal("interrupted") }),
  /** `stopped`: the old backup was not opened by emoji. `failure`: an `EmojiFailure`. */
  z.object({ code: z.literal("not_opened"), failure: z.string() }),
  /** `cancelled`. */
  z.object({ code: z.enum(["cancelled", "abandoned", "no_longer_permitted"]) }),
]);
export type KeyCopyReason = z.infer<typeof keyCopyReasonSchema>;

/** Work with the room keys of a person, as it is stored. A person has at most one. */
export interface KeyCopy {
  readonly id: number;
  readonly owner: string;
  readonly purpose: KeyPurpose;
  readonly state: KeyCopyState;
  readonly reason: KeyCopyReason | null;
  /** The conversation of the command. */
  readonly address: ConversationAddress;
  /** User ID of the old account; `null` if it is not needed. */
  readonly source: string | null;
  /** User ID of the new account; `null` if it is not needed. */
  readonly target: string | null;
  /** The opened backup of the old account; `null` before it is opened and for a key file. */
  readonly from: BackupIdentity | null;
  /** The backup of the new account that is written to; `null` until there is one. */
  readonly to: BackupIdentity | null;
  readonly hasStartedOver: boolean;
  /** Sessions a batch. */
  readonly batchSize: number;
  /** Sessions worked on, of `total`. */
  readonly done: number;
  readonly total: number;
  /**
   * Sessions that the new backup had before anything was sent to it; `null` until it is known.
   */
  readonly alreadyThere: number | null;
  readonly begunAt: number;
  /** When the wait for a backup began, or the last wait for one server after another. */
  readonly waitingSince: number | null;
  /** How often in a row it was waited. */
  readonly waits: number;
  /** When it is worked on next; `null`: not by itself. */
  readonly notBefore: number | null;
  /** When what opens the keys is erased; `null` if nothing is kept. */
  readonly openedUntil: number | null;
  readonly wasInterrupted: boolean;
  /** How many progress messages there are. */
  readonly progressCount: number;
}

/** What the last finished copy did. */
export interface CopiedKeys {
  readonly source: string;
  readonly target: string;
  readonly from: BackupIdentity;
  readonly to: BackupIdentity;
  /** In sessions. */
  readonly expected: number;
  readonly copied: number;
  readonly alreadyThere: number;
  readonly unusable: number;
  readonly copiedAt: number;
}
