import type { Account, Side } from "../../model/account.ts";
import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { KeyPurpose } from "../../model/key-copy.ts";
import type { OpenedBackup, PlatformKeys, TypedSecret } from "../../platforms/keys.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { KeyCopies, NewKeyCopy } from "../../store/key-copies.ts";
import type { CannotDecide } from "../plan/results.ts";
import { FIRST_BATCH_SIZE, KEPT_OPEN_MS } from "./pauses.ts";
import type { OpeningResult } from "./results.ts";
import type { KeyRunner } from "./runner.ts";
import type { KeyVerifications } from "./verifications.ts";

/** Work that opens the old backup first. */
export interface OpeningRequest {
  owner: string;
  /** The conversation of the command. */
  address: ConversationAddress;
  purpose: Extract<KeyPurpose, "copy" | "export">;
  /** What is sealed with the work until its end, as JSON. It contains the opened backup. */
  secretOf?: (opened: OpenedBackup) => object;
}

/** `by`: how the person wants to open it. */
interface AskedOpening extends OpeningRequest {
  by: TypedSecret["kind"] | "emoji";
}

export interface BackupOpeningOptions {
  accounts: Pick<Accounts, "get">;
  copies: Pick<KeyCopies, "of" | "begin">;
  keys: Pick<PlatformKeys, "ways" | "open">;
  verifications: Pick<KeyVerifications, "begin" | "end">;
  runner: Pick<KeyRunner, "wake">;
  now: () => number;
}

/** Opens the backup of the old account, and stores the work for which it was opened. */
export class BackupOpening {
  readonly #options: BackupOpeningOptions;

  constructor(options: BackupOpeningOptions) {
    this.#options = options;
  }

  /** @param typed is not stored */
  byTyping(request: OpeningRequest, typed: TypedSecret): Promise<OpeningResult> {
    const by = typed.kind;
    return this.#unlessUnreadable({ ...request, by }, async (source, target) => {
      const result = await this.#options.keys.open(source, typed);
      if (result.status === "refused") return { status: "refused", by, refusal: result.refusal };
      const { opened } = result;
      return this.#begin({ ...request, by }, { source, target }, opened);
    });
  }

  /** Asks the other devices of the old account for a verification. */
  byEmoji(request: OpeningRequest): Promise<OpeningResult> {
    const asked = { ...request, by: "emoji" } as const;
    return this.#unlessUnreadable(asked, async (source, target) => {
      const ways = await this.#options.keys.ways(source);
      const { backup, noEmoji } = ways;
      if (backup.kind !== "known") return { status: "no_backup", backup };
      if (noEmoji !== null) return { status: "no_emoji", reason: noEmoji, ways };
      return this.#begin(asked, { source, target }, null);
    });
  }

  /** Checks what can be checked before the server of the old account is asked. */
  async #unlessUnreadable(
    { owner, address, purpose, by }: AskedOpening,
    open: (source: Account, target: Account | null) => Promise<OpeningResult>,
  ): Promise<OpeningResult> {
    const { accounts, copies } = this.#options;
    const [source, target] = [await accounts.get(owner, "source"), await accounts.get(owner, "target")];
    const needed: Side[] = purpose === "copy" ? ["source", "target"] : ["source"];
    const missing = needed.filter((side) => (side === "source" ? source : target) === null);
    if (source === null || missing.length > 0) return { status: "not_signed_in", missing };
    const before = await copies.of(owner);
    if (before?.address.eventId === address.eventId)
      return { status: "started", by, copy: before, replaced: null };
    if (before?.state === "running") return { status: "busy", copy: before };
    try {
      return await open(source, purpose === "copy" ? target : null);
    } catch (error) {
      return notRead(error);
    }
  }

  async #begin(
    request: AskedOpening,
    { source, target }: { source: Account; target: Account | null },
    opened: OpenedBackup | null,
  ): Promise<OpeningResult> {
    const { copies, verifications, runner, now } = this.#options;
    const { owner, address, purpose, by, secretOf = (each: OpenedBackup): object => each } = request;
    const first: Pick<NewKeyCopy, "state" | "from" | "secret" | "openedUntil"> =
      opened === null
        ? { state: "verifying", from: null, secret: null, openedUntil: null }
        : {
            state: "running",
            from: { version: opened.version, publicKey: opened.publicKey },
            secret: secretOf(opened),
            openedUntil: now() + KEPT_OPEN_MS,
          };
    // One session has one verification at a time.
    await verifications.end(owner);
    const begun = await copies.begin({
      ...{ owner, address, purpose, ...first },
      ...{ source: source.userId, target: target?.userId ?? null },
      ...{ batchSize: FIRST_BATCH_SIZE, begunAt: now() },
    });
    switch (begun.status) {
      case "signed_out":
        return { status: "not_signed_in", missing: target === null ? ["source"] : ["source", "target"] };
      case "busy":
        return { status: "busy", copy: begun.copy };
      case "repeated":
        return { status: "started", by, copy: begun.copy, replaced: null };
      case "begun":
        if (opened === null) verifications.begin(begun.copy, source, secretOf);
        else runner.wake();
        return { status: "started", by, copy: begun.copy, replaced: begun.replaced };
    }
  }
}

/** @throws anything else than that an account could not be read */
export function notRead(error: unknown): Extract<CannotDecide, { status: "not_read" }> {
  if (!(error instanceof UnreadableAccountError)) throw error;
  return { status: "not_read", account: error.account, refusal: error.refusal };
}
