import type { Logger } from "pino";
import { isFromFile } from "../../model/account.ts";
import type { Download, FileReference } from "../../model/file-reference.ts";
import type { FileFindings } from "../../model/room-file.ts";
import { isActive } from "../../model/run-states.ts";
import type { FileMistake, PlatformFiles } from "../../platforms/files.ts";
import { MAX_IMPORT_BYTES } from "../../platforms/files.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { ErasedImport, Imports } from "../../store/imports.ts";
import type { ReceivedFiles } from "../../store/received-files.ts";
import type { Runs } from "../../store/runs.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";

export interface FileImportRequest {
  readonly owner: string;
  /** The room of the command. */
  readonly roomId: string;
  /** The message that the command replies to; `null`: the last file counts. */
  readonly inReplyTo: string | null;
  /** Whose file it is, as the person typed it; `null`: the file says it. */
  readonly as: string | null;
  /** What earlier files said is erased first. Without a file to take, nothing else is done. */
  readonly isClearing: boolean;
}

/** What became of a file. Nothing is stored unless it is `imported`. */
export type FileImportResult =
  /** The operator does not allow moves by files. */
  | { readonly status: "switched_off" }
  | { readonly status: "cleared"; readonly erased: ErasedImport | null; readonly isSwitchedOff?: true }
  /** A move goes by the files that are to be erased. */
  | { readonly status: "in_use" }
  | { readonly status: "no_file"; readonly isReply: boolean }
  | { readonly status: "not_downloaded"; readonly reason: Exclude<Download["status"], "downloaded"> }
  | { readonly status: "refused"; readonly mistake: FileMistake }
  | { readonly status: "no_user_id"; readonly typed: string }
  /** The file does not say whose it is, and the person did not either. */
  | { readonly status: "account_needed"; readonly rooms: number }
  | { readonly status: "contradicts_file"; readonly typed: string; readonly inFile: string }
  | { readonly status: "is_new_account"; readonly userId: string }
  | { readonly status: "other_signed_in"; readonly userId: string; readonly signedIn: string }
  /** Earlier files are about another account. */
  | { readonly status: "other_account"; readonly userId: string; readonly kept: string }
  | FileImported;

export interface FileImported {
  readonly status: "imported";
  readonly userId: string;
  readonly findings: FileFindings;
  /** Rooms that no earlier file had, and those that one had. */
  readonly newRooms: number;
  readonly knownRooms: number;
  /** The old server answers, so the person must sign in the old account. */
  readonly isOldServerAnswering: boolean;
  readonly isOldSignedIn: boolean;
  /** A move that goes by the files of this account: it works, or only watches. */
  readonly move?: "under_way" | "watching";
  readonly isNewSignedIn: boolean;
}

export interface FileImportsOptions {
  readonly accounts: Pick<PeoplesAccounts, "of">;
  readonly imports: Pick<Imports, "add" | "clear">;
  readonly receivedFiles: Pick<ReceivedFiles, "find">;
  readonly runs: Pick<Runs, "unfinished">;
  readonly platform: Pick<Platform, "serverName"> & {
    readonly files: Pick<PlatformFiles, "read" | "isAnswering" | "userId">;
  };
  /** Files about an old account were kept. Runs that had lost theirs go on. */
  readonly imported: (owner: string, userId: string) => Promise<void>;
  /** `access.imports` of the configuration. */
  readonly areAllowed: boolean;
  /** Downloads a file that a person sent. @throws the reason of the signal, if it is aborted */
  readonly download: (
    file: FileReference,
    options: { maxBytes: number; signal: AbortSignal },
  ) => Promise<Download>;
  readonly now: () => number;
  readonly log: Logger;
}

/** Imports of files about old accounts. */
export class FileImports {
  readonly #options: FileImportsOptions;
  readonly #stopping = new AbortController();

  constructor(options: FileImportsOptions) {
    this.#options = options;
  }

  /** Reads a file and keeps what it says. A repeated command changes nothing more. */
  async import(request: FileImportRequest): Promise<FileImportResult> {
    const { areAllowed, imports, receivedFiles, platform, now } = this.#options;
    const { owner, roomId, inReplyTo, as, isClearing } = request;
    const isOnlyClearing = isClearing && inReplyTo === null && as === null;
    // People can have everything erased, whatever the operator allows.
    if (!areAllowed && !isOnlyClearing) return { status: "switched_off" };
    if (isClearing && (await this.#areInUse(owner))) return { status: "in_use" };
    if (isOnlyClearing) {
      const erased = await imports.clear(owner);
      return { status: "cleared", erased, ...(!areAllowed && { isSwitchedOff: true }) };
    }
    const typed = as === null ? null : platform.files.userId(as);
    if (as !== null && typed === null) return { status: "no_user_id", typed: as };
    const found = await receivedFiles.find({ roomId, sender: owner }, inReplyTo, now());
    if (found === null) return { status: "no_file", isReply: inReplyTo !== null };
    const { signal } = this.#stopping;
    const { download } = this.#options;
    const downloaded = await download(found.file, { maxBytes: MAX_IMPORT_BYTES, signal });
    if (downloaded.status !== "downloaded")
      return downloaded.status === "too_large"
        ? { status: "refused", mistake: "too_large" }
        : { status: "not_downloaded", reason: downloaded.status };
    const read = await platform.files.read(downloaded.bytes, signal);
    return read.status === "refused" ? read : this.#keep(request, typed, read.findings);
  }

  /** Downloads and readings of commands under way end. The commands are given again. */
  stop(): void {
    this.#stopping.abort(new Error("the process stops"));
  }

  /** Without its files such a move could neither go on nor watch. */
  async #areInUse(owner: string): Promise<boolean> {
    const { accounts, runs } = this.#options;
    const { source } = await accounts.of(owner);
    if (source === null || !isFromFile(source)) return false;
    return (await runs.unfinished(owner)).some((run) => run.isFromFile && run.source === source.userId);
  }

  async #moveBy(owner: string, userId: string): Promise<Pick<FileImported, "move">> {
    const moves = (await this.#options.runs.unfinished(owner)).filter(
      (run) => run.isFromFile && run.source === userId && run.purpose === "move",
    );
    if (moves.length === 0) return {};
    return { move: moves.some(isActive) ? "under_way" : "watching" };
  }

  async #keep(
    { owner, isClearing }: FileImportRequest,
    typed: string | null,
    findings: FileFindings,
  ): Promise<FileImportResult> {
    const { accounts, imports, platform, imported, now, log } = this.#options;
    const inFile = findings.account;
    const userId = inFile ?? typed;
    if (userId === null) return { status: "account_needed", rooms: findings.rooms.length };
    if (typed !== null && typed !== userId) return { status: "contradicts_file", typed, inFile: userId };
    const { source, target } = await accounts.of(owner);
    if (target?.userId === userId) return { status: "is_new_account", userId };
    const isOldSignedIn = source !== null && source.method !== "file";
    if (isOldSignedIn && source.userId !== userId)
      return { status: "other_signed_in", userId, signedIn: source.userId };
    const own = { ...findings, contacts: findings.contacts.filter((contact) => contact.userId !== userId) };
    const kept = await imports.add({ owner, userId, findings: own, isInstead: isClearing }, now());
    if (kept.status === "other_account") return { status: "other_account", userId, kept: kept.userId };
    const { format, rooms, contacts, data, notUnderstood } = own;
    log.info(
      {
        ...{ owner, server: platform.serverName(userId), format, rooms: rooms.length },
        ...{ people: contacts.length, hasData: data !== null, notUnderstood: notUnderstood.total },
      },
      "a file about an old account was imported",
    );
    await imported(owner, userId);
    return {
      ...{ status: "imported", userId, findings: own, newRooms: kept.newRooms, knownRooms: kept.knownRooms },
      isOldServerAnswering:
        !isOldSignedIn && (await platform.files.isAnswering(userId, this.#stopping.signal)),
      ...(await this.#moveBy(owner, userId)),
      isOldSignedIn,
      isNewSignedIn: target !== null,
    };
  }
}
