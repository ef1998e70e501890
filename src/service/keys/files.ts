import type { Account } from "../../model/account.ts";
import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { Download, FileReference } from "../../model/file-reference.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import type { KeyFileContent } from "../../platforms/key-files.ts";
import { MAX_KEY_FILE_BYTES } from "../../platforms/key-files.ts";
import type { PlatformKeys } from "../../platforms/keys.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import type { ReceivedFiles } from "../../store/received-files.ts";
import { FIRST_BATCH_SIZE, KEPT_OPEN_MS } from "./pauses.ts";
import type { ImportResult, NoFileContent } from "./results.ts";
import type { KeyRunner } from "./runner.ts";
import { importSecretSchema } from "./secrets.ts";
import type { KeyVerifications } from "./verifications.ts";

export interface ImportRequest {
  owner: string;
  /** The conversation of the command. */
  address: ConversationAddress;
  /** The message that the command replies to; `null`: the last file counts. */
  inReplyTo: string | null;
  passphrase: string;
}

export interface KeyFilesOptions {
  accounts: Pick<Accounts, "get">;
  copies: Pick<KeyCopies, "of" | "begin" | "secret">;
  receivedFiles: Pick<ReceivedFiles, "find" | "remove">;
  keys: Pick<PlatformKeys, "openFile">;
  runner: Pick<KeyRunner, "wake">;
  verifications: Pick<KeyVerifications, "end">;
  /** Downloads a file that a person sent. @throws the reason of the signal, if it is aborted */
  download: (file: FileReference, options: { maxBytes: number; signal: AbortSignal }) => Promise<Download>;
  now: () => number;
}

/** Imports of key files that people sent. */
export class KeyFiles {
  readonly #options: KeyFilesOptions;
  readonly #stopping = new AbortController();

  constructor(options: KeyFilesOptions) {
    this.#options = options;
  }

  /** Opens the file, and stores the work of importing it. */
  async import(request: ImportRequest): Promise<ImportResult> {
    const { accounts, copies, receivedFiles, now } = this.#options;
    const { owner, address, inReplyTo } = request;
    const target = await accounts.get(owner, "target");
    if (target === null) return { status: "not_signed_in", missing: ["target"] };
    const before = await copies.of(owner);
    if (before?.state === "running" && before.address.eventId !== address.eventId)
      return { status: "busy", copy: before };
    const place = { roomId: address.roomId, sender: owner };
    const found = await receivedFiles.find(place, inReplyTo, now());
    if (found === null) return { status: "no_file", isReply: inReplyTo !== null };
    const opened = await this.#open(found.file, request.passphrase);
    if (opened.status !== "opened") return opened;
    return this.#begin(request, { target, opened, ...found });
  }

  /** Forgets a file that was imported. */
  forget(eventId: string): Promise<void> {
    return this.#options.receivedFiles.remove(eventId);
  }

  /** The downloads of commands under way end. The commands are given again after the restart. */
  stop(): void {
    this.#stopping.abort();
  }

  async #begin(
    { owner, address, passphrase }: ImportRequest,
    {
      target,
      opened,
      eventId,
      file,
    }: {
      target: Account;
      opened: { content: KeyFileContent; badEntries: number };
      eventId: string;
      file: FileReference;
    },
  ): Promise<ImportResult> {
    const { copies, runner, verifications, now } = this.#options;
    const { content, badEntries } = opened;
    if (content.entries.length === 0) return { status: "empty", badEntries };
    // The work that waits for it is replaced.
    await verifications.end(owner);
    const begun = await copies.begin({
      ...{ owner, address, purpose: "import", state: "running" },
      ...{ source: null, target: target.userId, from: null },
      ...{ secret: { file, passphrase }, openedUntil: now() + KEPT_OPEN_MS },
      ...{ batchSize: FIRST_BATCH_SIZE, begunAt: now() },
    });
    const facts = { keys: content.entries.length, badEntries, eventId };
    switch (begun.status) {
      case "signed_out":
        return { status: "not_signed_in", missing: ["target"] };
      case "busy":
        return { status: "busy", copy: begun.copy };
      case "repeated":
        return { status: "started", replaced: null, ...facts };
      case "begun":
        runner.wake();
        return { status: "started", replaced: begun.replaced, ...facts };
    }
  }

  async #open(
    file: FileReference,
    passphrase: string,
  ): Promise<
    | { status: "opened"; content: KeyFileContent; badEntries: number }
    | Extract<ImportResult, { status: "not_downloaded" | "refused" }>
  > {
    const { signal } = this.#stopping;
    const download = await this.#options.download(file, { maxBytes: MAX_KEY_FILE_BYTES, signal });
    if (download.status !== "downloaded") return { status: "not_downloaded", reason: download.status };
    return this.#options.keys.openFile(download.bytes, passphrase, signal);
  }

  /**
   * The keys of a stored import.
   * @returns why there are none: the bot's own server does not answer, the file is gone, or what
   *   opens it was erased
   * @throws the reason of the signal, if it is aborted
   */
  async content(copy: KeyCopy, signal: AbortSignal): Promise<KeyFileContent | NoFileContent> {
    const { copies, download, keys } = this.#options;
    const { data: secret } = importSecretSchema.safeParse(await copies.secret(copy.id));
    if (secret === undefined) return "no_key";
    const downloaded = await download(secret.file, { maxBytes: MAX_KEY_FILE_BYTES, signal });
    if (downloaded.status === "unreachable") return "unreachable";
    if (downloaded.status !== "downloaded") return "file_gone";
    const opened = await keys.openFile(downloaded.bytes, secret.passphrase, signal);
    return opened.status === "opened" ? opened.content : "file_gone";
  }
}
