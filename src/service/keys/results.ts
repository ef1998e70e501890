import type { Account, Side } from "../../model/account.ts";
import type { Download } from "../../model/file-reference.ts";
import type { KeyBackup } from "../../model/key-backup.ts";
import type { CopiedKeys, KeyCopy } from "../../model/key-copy.ts";
import type { KeyFileMistake } from "../../platforms/key-files.ts";
import type {
  KeyCopyCounts,
  NoEmojiReason,
  OpenRefusal,
  OpeningWays,
  TypedSecret,
} from "../../platforms/keys.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import type { CannotDecide, FilesInstead } from "../plan/results.ts";

/**
 * How a command that opens the old backup ended.
 * - `started`: the work is stored and goes on by itself. `replaced`: other work that it ended.
 * - `busy`: other work is running; nothing was opened.
 */
export type OpeningResult =
  | CannotDecide
  | { status: "started"; by: TypedSecret["kind"] | "emoji"; copy: KeyCopy; replaced: KeyCopy | null }
  | { status: "busy"; copy: KeyCopy }
  | { status: "refused"; by: TypedSecret["kind"]; refusal: OpenRefusal }
  | { status: "no_emoji"; reason: NoEmojiReason; ways: OpeningWays }
  | { status: "no_backup"; backup: Exclude<KeyBackup, { kind: "known" }> };

/**
 * How an import began.
 * - `started`: the file was opened, and the work goes on by itself. `eventId`: the file's message.
 * - `busy`: other work is running; nothing was opened.
 * - `no_file`: the person has sent none in this chat, or replied to something else.
 * - `empty`: the file has no usable key.
 */
export type ImportResult =
  | Extract<CannotDecide, { status: "not_signed_in" }>
  | {
      status: "started";
      replaced: KeyCopy | null;
      eventId: string;
      /** Usable keys in the file, and entries that are no use. */
      keys: number;
      badEntries: number;
    }
  | { status: "busy"; copy: KeyCopy }
  | { status: "no_file"; isReply: boolean }
  | { status: "not_downloaded"; reason: Exclude<Download["status"], "downloaded"> }
  | { status: "refused"; mistake: KeyFileMistake }
  | { status: "empty"; badEntries: number };

/** Why a stored import has no keys to add. */
export type NoFileContent = "unreachable" | "file_gone" | "no_key";

/**
 * How a call of an export ended.
 * - `no_key`: what opens the old backup is gone.
 * - `file_not_sent`: a file could not be sent to the chat, and will not be.
 */
export type ExportRunResult =
  | { status: "exported"; end: KeyCopyEnd }
  | { status: "source_changed" | "aborted" | "no_key" | "file_not_sent" };

/**
 * How the old backup can be opened.
 * - `target`: the backup of the new account; `null` if it could not be read.
 * - `copy`: the work with keys that is not over.
 */
export type WaysResult =
  CannotDecide | { status: "ways"; ways: OpeningWays; target: KeyBackup | null; copy: KeyCopy | null };

/** The backup of one account as its server describes it now, or why it could not be read. */
export type BackupOfAccount =
  { account: Account; backup: KeyBackup } | { account: Account; refusal: AccountRefusal };

/** The answer to `keys status`. */
export interface KeyStatus {
  /** The signed-in accounts. */
  backups: Partial<Record<Side, BackupOfAccount>>;
  /** Whether the bot's session of the old account is a verified device. */
  isVerified: boolean;
  /** The last work with keys of these accounts. */
  copy: KeyCopy | null;
  /** What the last finished copy of these accounts did. */
  copied: CopiedKeys | null;
  /** As in `CannotDecide`. */
  files?: FilesInstead;
}

/** What finished work with keys did. */
export interface KeyCopyEnd {
  /** In sessions, of the whole work with all its interruptions. */
  counts: KeyCopyCounts;
  /** Rooms with unusable sessions, and how many. */
  unusable: ReadonlyMap<string, number>;
  /** Sessions that the server took and does not have, by room. */
  lost: ReadonlyMap<string, number>;
}
