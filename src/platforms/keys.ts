import type { Account, Side } from "../model/account.ts";
import type { BackupIdentity, KeyBackup, KeyComparison } from "../model/key-backup.ts";
import type { KeyCheck, KeyCheckRequest } from "./key-check.ts";
import type { KeyFileContent, KeyFileResult, WrittenKeyFile } from "./key-files.ts";
import type { AccountRefusal } from "./sign-in.ts";

/** A recovery key that cannot be one, found out without a server. */
export type RecoveryKeyMistake =
  /** A character that the alphabet lacks: 0, O, I, l, or anything that is no letter or digit. */
  | { readonly code: "character"; readonly character: string }
  | { readonly code: "length"; readonly length: number; readonly expected: number }
  /** Its prefix or its parity is wrong: a typing mistake, or something else. */
  | { readonly code: "checksum" };

/** What a person typed to open the old backup. A secret. */
export interface TypedSecret {
  readonly kind: "recovery_key" | "phrase";
  readonly text: string;
}

/** An opened backup. `key` is a secret: the private key, base64 of 32 bytes. */
export interface OpenedBackup extends BackupIdentity {
  readonly key: string;
}

/** Why a backup was not opened. */
export type OpenRefusal =
  | { readonly code: "not_a_recovery_key"; readonly mistake: RecoveryKeyMistake }
  /** A valid recovery key that opens nothing of this account. */
  | { readonly code: "other_recovery_key" }
  /** The secret is right, but the stored backup key belongs to an older backup. */
  | { readonly code: "stale_backup_key" }
  /** The secret storage opens, but has no backup key. */
  | { readonly code: "no_backup_key" }
  | { readonly code: "wrong_phrase" }
  /** The secret storage was made without a phrase. */
  | { readonly code: "no_phrase" }
  | { readonly code: "no_secret_storage" }
  | { readonly code: "too_many_rounds"; readonly rounds: number }
  | { readonly code: "no_backup"; readonly isSwitchedOff: boolean }
  | { readonly code: "unknown_algorithm"; readonly algorithm: string };

export type OpenResult =
  | { readonly status: "opened"; readonly opened: OpenedBackup }
  | { readonly status: "refused"; readonly refusal: OpenRefusal };

/** Why emoji cannot open the old backup. */
export type NoEmojiReason =
  /** The bot has no session of its own: a pasted token belongs to the person's device. */
  "pasted_token" | "no_cross_signing" | "no_other_device";

/**
 * How the old backup can be opened, for the ladder of `keys copy`. Only `backup` has a meaning
 * where the account has no backup of the known algorithm.
 */
export interface OpeningWays {
  readonly backup: KeyBackup;
  /** `null`: emoji can work. */
  readonly noEmoji: NoEmojiReason | null;
  readonly hasSecretStorage: boolean;
  /** Whether a phrase can open the secret storage, or the backup itself. */
  readonly hasPhrase: boolean;
}

/** One of the seven emoji of a verification (CS §SAS method: emoji). */
export interface Emoji {
  readonly symbol: string;
  /** Its English name. */
  readonly name: string;
}

export type EmojiFailure =
  | NoEmojiReason
  /** The other device, or its owner, said no. */
  | "refused"
  /** The emoji are different. */
  | "mismatch"
  /**
   * Nobody accepted the request in ten minutes (CS §Key verification framework), or one of the two
   * devices waited longer than a minute for the other (platforms/matrix/README.md, "Verification by
   * emoji").
   */
  | "timed_out"
  /** Verified, but no device handed out the key of the present backup in time. */
  | "no_key_received"
  | "stale_backup_key"
  /** The server has other encryption keys of the bot's session: a new sign-in is needed. */
  | "session_keys_lost"
  /** The bot verifies as many other sessions as it can at a time. */
  | "too_many_at_once"
  /** The bot's disk or its crypto library failed. The log has the reason. */
  | "bot_failed"
  | "no_backup"
  | "unknown_algorithm";

export type EmojiResult =
  | { readonly status: "opened"; readonly opened: OpenedBackup }
  | { readonly status: "failed"; readonly code: EmojiFailure }
  /** Its signal was aborted. */
  | { readonly status: "stopped" };

/** A verification of the bot's session under way. */
export interface EmojiVerification {
  /** The person says whether the emoji are the same. Without effect before they were shown. */
  answer(areSame: boolean): void;
  /** @throws UnreadableAccountError (as a rejection) if the account's server refuses or is away */
  readonly result: Promise<EmojiResult>;
}

/** The progress of a verification. */
export interface EmojiListener {
  /** The other device shows these too. Called once. The person has a minute to compare them. */
  readonly onEmoji: (emoji: readonly Emoji[]) => void;
}

/** Where the keys of a copy come from. */
export type KeySource =
  | { readonly kind: "backup"; readonly account: Account; readonly opened: OpenedBackup }
  | { readonly kind: "file"; readonly content: KeyFileContent };

/** Progress of a copy, in sessions. */
export interface KeyCopyProgress {
  /** Sessions that the new backup has by now, and those that were found unusable. */
  readonly done: number;
  readonly total: number;
  /** Sessions that the new backup had when this call began. */
  readonly alreadyThere: number;
  /** The largest batch that the new server takes, in sessions. */
  readonly batchSize: number;
}

export interface KeyCopyRequest {
  readonly from: KeySource;
  readonly target: Account;
  /** The new backup whose signature was checked. */
  readonly to: BackupIdentity;
  /** Whether this copy has already started over because the new backup was another one. */
  readonly hasStartedOver: boolean;
  /** Sessions a batch, as remembered; 100 at first. */
  readonly batchSize: number;
  /**
   * Called once the backups are compared, before anything is sent, and after each batch that the
   * server took. The next batch waits for it.
   */
  readonly onProgress: (progress: KeyCopyProgress) => Promise<void>;
  /** Called before anything is sent to another backup than `to`. */
  readonly onStartedOver: (to: BackupIdentity) => Promise<void>;
  /** Aborts at a stop of the process and at a cancel. */
  readonly signal: AbortSignal;
}

/** The counts of a copy, in sessions. */
export interface KeyCopyCounts {
  /** Sessions of the source, or good entries of the file. */
  readonly expected: number;
  /** Sent by this call and confirmed by the server. */
  readonly copied: number;
  /** In the new backup already when this call began. */
  readonly alreadyThere: number;
  readonly unusable: number;
}

export type KeyCopyResult =
  | {
      readonly status: "copied";
      readonly to: BackupIdentity;
      readonly counts: KeyCopyCounts;
      /** Rooms with unusable sessions, and how many. */
      readonly unusable: ReadonlyMap<string, number>;
      /** Sessions that the server took and does not have afterwards, by room. Normally empty. */
      readonly lost: ReadonlyMap<string, number>;
    }
  /** The new account has no backup that may be written to now. It is waited for. */
  | { readonly status: "no_target_backup"; readonly reason: NoTargetBackup }
  /** The old backup is another one than the opened one. */
  | { readonly status: "source_changed" }
  /** A server does not answer, or limits. The copy goes on after the wait, or the usual pause. */
  | {
      readonly status: "wait";
      readonly side: Side;
      readonly waitingFor: "limit" | "server";
      readonly waitMs: number | null;
    }
  /** Only the owner of the account can solve this. */
  | { readonly status: "refused"; readonly side: Side; readonly refusal: AccountRefusal }
  /** `text`: the server's own words, cleaned. */
  | { readonly status: "stopped"; readonly reason: "changed_again" | "batch_refused"; readonly text: string }
  | { readonly status: "aborted" };

/** Why a new account's backup may not be written to. */
export type NoTargetBackup = "none" | "switched_off" | "unsigned" | "unknown_algorithm";

/** A request for key files in Element's format. */
export interface KeyExportRequest {
  readonly source: Account;
  readonly opened: OpenedBackup;
  readonly passphrase: string;
  /** The largest file, in bytes. */
  readonly maxBytes: number;
  /** Called with each finished file, in order. The next one waits for it. */
  readonly onFile: (file: WrittenKeyFile) => Promise<void>;
  /** Called after some sessions. The next ones wait for it. */
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => Promise<void>;
  readonly signal: AbortSignal;
}

export type KeyExportResult =
  | { readonly status: "exported"; readonly keys: number; readonly unusable: ReadonlyMap<string, number> }
  | { readonly status: "source_changed" | "aborted" };

/**
 * What a platform does with the keys of encrypted history. It never creates, deletes or changes a
 * backup, a secret storage or a cross-signing identity. It only adds keys.
 */
export interface PlatformKeys {
  /**
   * @param isSignatureChecked whether to ask if the account's master key signed the backup
   * @throws UnreadableAccountError
   */
  backup(
    account: Account,
    options: { isSignatureChecked: boolean; signal?: AbortSignal },
  ): Promise<KeyBackup>;
  /** How the old backup can be opened. Only reads. @throws UnreadableAccountError */
  ways(source: Account): Promise<OpeningWays>;
  /** Opens the old backup by what the person typed. Only reads. @throws UnreadableAccountError */
  open(source: Account, secret: TypedSecret): Promise<OpenResult>;
  /** Asks the other devices of the old account to verify the bot's session by emoji. */
  verify(source: Account, listener: EmojiListener, signal: AbortSignal): EmojiVerification;
  /**
   * Whether the bot made a session of its own that is a verified device of the account. It is the
   * server's word. Only reads.
   * @throws UnreadableAccountError
   */
  isVerified(source: Account): Promise<boolean>;
  /**
   * Removes the crypto account of a session of the bot, which has ended. Called before the account
   * is removed or replaced in the store.
   */
  forgetDevice(account: Pick<Account, "owner" | "side">): Promise<void>;
  /** Compares the entries of both backups. Only reads. @throws UnreadableAccountError */
  compare(accounts: Readonly<Record<Side, Account>>, signal?: AbortSignal): Promise<KeyComparison>;
  /** Adds the missing keys to the new backup. Safe to repeat. @throws only for bugs */
  copy(request: KeyCopyRequest): Promise<KeyCopyResult>;
  /** Opens a key file. */
  openFile(bytes: Uint8Array, passphrase: string, signal?: AbortSignal): Promise<KeyFileResult>;
  /**
   * Writes the keys of the old backup to key files.
   * @throws UnreadableAccountError, and what `onFile` throws
   */
  export(request: KeyExportRequest): Promise<KeyExportResult>;
  /**
   * Counts the messages that the new account can read. Only reads.
   * @throws UnreadableAccountError
   */
  check(request: KeyCheckRequest): Promise<KeyCheck>;
  /** Ends the work under way at a stop of the process. */
  stop(): Promise<void>;
}
