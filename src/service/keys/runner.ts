import type { Logger } from "pino";
import { isAccountProblem } from "../../model/account-problem.ts";
import type { Side } from "../../model/account.ts";
import type { KeyCopy, KeyCopyReason } from "../../model/key-copy.ts";
import { isKeyCopyUnfinished } from "../../model/key-copy.ts";
import { Slots } from "../../model/slots.ts";
import type { KeyCopyResult } from "../../platforms/keys.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import { pause } from "../../queue/pause.ts";
import { TimedWorker } from "../../queue/timed-worker.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import { pauseAfter } from "../run/kept-request.ts";
import { finishCopy, finishExport } from "./finish.ts";
import type { KeyCopyListener } from "./listener.ts";
import { pauseBeforeLook } from "./pauses.ts";
import type { KeyTransfer, TransferResult } from "./transfer.ts";

/** The number of copies under way at once. One worker thread does the work of all of them. */
const MAX_COPIES = 16;
/** How many of them at one server. A server that hangs does not hold up the others. */
const MAX_COPIES_PER_SERVER = 8;
/** How often the bot itself may fail in a row, for example by a bug, before a copy stops. */
const MAX_FAILURES = 5;
/** The pause after work on the database has failed. */
const AFTER_FAILURE_MS = 5_000;

export interface KeyRunnerOptions {
  copies: KeyCopies;
  transfer: Pick<KeyTransfer, "run">;
  listener: KeyCopyListener;
  isPermitted: (owner: string) => boolean;
  serverName: (userId: string) => string;
  /** Called when keys of a person were copied. */
  copied: (owner: string) => void;
  now: () => number;
  /** A number from 0 to 1. */
  random: () => number;
  log: Logger;
}

interface UnderWay {
  readonly owner: string;
  readonly abort: AbortController;
  readonly work: Promise<void>;
}

/** Works on copies that are due, until each is over or waits for its owner. */
export class KeyRunner {
  readonly #options: KeyRunnerOptions;
  readonly #slots = new Slots(MAX_COPIES);
  readonly #underWay = new Map<number, UnderWay>();
  /** Failures of the bot itself in a row, by copy. It is not stored: a new process tries again. */
  readonly #failures = new Map<number, number>();
  /** People whose accounts are being signed in or out. */
  readonly #held = new Map<string, number>();
  readonly #worker: TimedWorker;
  readonly #stopping = new AbortController();

  constructor(options: KeyRunnerOptions) {
    this.#options = options;
    this.#worker = new TimedWorker(() => this.#round(), options);
  }

  /** Continues the copies of the last process. */
  async start(): Promise<void> {
    const { copies, listener, now } = this.#options;
    for (const copy of await copies.inState("verifying"))
      await this.#end(copy, "stopped", { code: "interrupted" });
    for (const copy of await copies.inState("running"))
      if (copy.done > 0) await copies.change(copy.id, { wasInterrupted: true });
    await this.#expire(now());
    // The last process may have ended before its messages were stored.
    for (const copy of await copies.inState("waiting_for_backup", "needs_you", "needs_key"))
      await listener.news(copy);
    this.#worker.start();
  }

  /** Call this when work was stored or may go on. */
  wake(): void {
    this.#worker.wake();
  }

  /** Resolves when no copy is under way. Everything goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#worker.stop();
    for (const { abort } of this.#underWay.values()) abort.abort();
    await Promise.all([...this.#underWay.values()].map(({ work }) => work));
  }

  /** Aborts the work for a person. Resolves when nothing of it is under way. */
  async abort(owner: string): Promise<void> {
    const ofOwner = [...this.#underWay.values()].filter((each) => each.owner === owner);
    for (const { abort } of ofOwner) abort.abort();
    await Promise.all(ofOwner.map(({ work }) => work));
  }

  /**
   * Changes an account of a person while nothing works with its keys. So a session that is replaced
   * is not mistaken for one that has ended. The person gets a message if the change ended the copy.
   */
  async whileHeld<Result>(owner: string, change: () => Promise<Result>): Promise<Result> {
    const { copies, listener } = this.#options;
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + 1);
    try {
      await this.abort(owner);
      const before = await copies.of(owner);
      const result = await change();
      const after = await copies.of(owner);
      if (before !== null && after?.id === before.id && after.state !== before.state) {
        listener.changed(after);
        if (after.state !== "running") await listener.news(after);
      }
      return result;
    } finally {
      const holds = (this.#held.get(owner) ?? 1) - 1;
      if (holds > 0) this.#held.set(owner, holds);
      else this.#held.delete(owner);
      this.wake();
    }
  }

  /** One round for all people: erases what may no longer be kept, and begins what is due. */
  async #round(): Promise<{ nextAt: number | null }> {
    const { copies, now } = this.#options;
    // One time for all questions: what becomes due between two would be in no answer.
    const at = now();
    await this.#expire(at);
    for (const copy of await copies.due(at))
      if (!this.#underWay.has(copy.id) && !this.#held.has(copy.owner)) this.#begin(copy);
    return { nextAt: await copies.nextAt(at) };
  }

  async #expire(at: number): Promise<void> {
    const { copies, listener } = this.#options;
    for (const copy of await copies.expire(at)) {
      this.#underWay.get(copy.id)?.abort.abort();
      listener.changed(copy);
      await listener.news(copy);
    }
  }

  #begin(copy: KeyCopy): void {
    const abort = new AbortController();
    const { signal } = abort;
    const userId = copy.target ?? copy.source ?? copy.owner;
    const resources = [{ key: this.#options.serverName(userId), max: MAX_COPIES_PER_SERVER }];
    const work = this.#slots
      .run(resources, () => this.#try(copy, signal), signal)
      .then(async (pauseMs) => {
        await pause(pauseMs, AbortSignal.any([signal, this.#stopping.signal]));
        this.#underWay.delete(copy.id);
        this.wake();
      });
    this.#underWay.set(copy.id, { owner: copy.owner, abort, work });
  }

  /** @returns the pause before the copy is looked at again */
  async #try(copy: KeyCopy, signal: AbortSignal): Promise<number> {
    const { copies, now, log } = this.#options;
    if (signal.aborted) return 0;
    try {
      await this.#work(copy, signal);
      this.#failures.delete(copy.id);
      return 0;
    } catch (error) {
      const failures = (this.#failures.get(copy.id) ?? 0) + 1;
      const isLast = failures >= MAX_FAILURES;
      log.error({ err: error, purpose: copy.purpose, failures }, "work with keys failed");
      const waits = copy.waits + 1;
      const recorded = isLast
        ? this.#end(copy, "stopped", { code: "bot_failed" })
        : copies.change(copy.id, { waits, notBefore: now() + pauseAfter(waits, 0) });
      return await recorded.then(
        () => {
          // A failure that cannot be recorded, as on a full disk, passes when there is room.
          if (isLast) this.#failures.delete(copy.id);
          else this.#failures.set(copy.id, failures);
          return 0;
        },
        () => AFTER_FAILURE_MS,
      );
    }
  }

  async #work(copy: KeyCopy, signal: AbortSignal): Promise<void> {
    const { copies, isPermitted, transfer } = this.#options;
    if (!isPermitted(copy.owner)) {
      await copies.apply(copy.id, "cancelled", { reason: { code: "no_longer_permitted" } });
      return;
    }
    const { notBefore } = copy;
    const isBack = copy.state === "waiting_for_server";
    const current = isBack ? await copies.apply(copy.id, "continued", { notBefore }) : copy;
    if (current !== null) await this.#settle(current, await transfer.run(current, signal), signal);
  }

  async #settle(begun: KeyCopy, result: TransferResult, signal: AbortSignal): Promise<void> {
    const { copies, log } = this.#options;
    const copy = await copies.of(begun.owner);
    // It was ended or replaced meanwhile.
    if (copy?.id !== begun.id || !isKeyCopyUnfinished(copy) || signal.aborted) return;
    log.info({ purpose: copy.purpose, status: result.status }, "work with keys");
    switch (result.status) {
      case "copied":
        return finishCopy(copy, result, this.#options);
      case "no_target_backup":
        return this.#waitForBackup(copy, result.reason);
      case "wait":
        return this.#waitForServer(copy, result);
      case "refused":
        return this.#refused(copy, result.side, result.refusal);
      case "stopped":
        return this.#end(copy, "stopped", { code: result.reason, text: result.text });
      case "source_changed":
        return this.#end(copy, "stopped", { code: "source_changed" });
      case "no_key": {
        const erased = await copies.apply(copy.id, "key_erased", { reason: { code: "expired" } });
        return erased === null ? undefined : this.#notify(erased);
      }
      case "file_gone":
      case "file_not_sent":
        return this.#end(copy, "stopped", { code: result.status });
      case "exported":
        return finishExport(copy, result.end, this.#options);
      case "signed_out":
        return this.#end(copy, "abandoned", { code: "abandoned" });
      case "aborted":
    }
  }

  async #waitForBackup(
    copy: KeyCopy,
    code: Extract<KeyCopyResult, { status: "no_target_backup" }>["reason"],
  ): Promise<void> {
    const { copies, now, random } = this.#options;
    const isNew = copy.state !== "waiting_for_backup";
    const waitingSince = isNew ? now() : (copy.waitingSince ?? now());
    const waiting = await copies.apply(copy.id, "backup_missing", {
      reason: { code },
      ...{ to: null, alreadyThere: null, done: 0, waits: 0, waitingSince },
      notBefore: now() + pauseBeforeLook(now() - waitingSince, random()),
    });
    if (waiting !== null && (isNew || copy.reason?.code !== code)) await this.#notify(waiting);
  }

  async #waitForServer(
    copy: KeyCopy,
    { side, waitingFor, waitMs }: Extract<KeyCopyResult, { status: "wait" }>,
  ): Promise<void> {
    const { copies, listener, now } = this.#options;
    const waits = copy.waits + 1;
    const notBefore = now() + pauseAfter(waits, waitMs ?? 0);
    const isLook = copy.state === "waiting_for_backup";
    // A server that is away while the backup is looked for prolongs that wait.
    const waiting = isLook
      ? await copies.apply(copy.id, "backup_missing", { ...reasonOf(copy), waits, notBefore })
      : await copies.apply(copy.id, "server_away", { reason: { code: waitingFor, side }, waits, notBefore });
    if (waiting !== null) listener.changed(waiting);
  }

  async #refused(copy: KeyCopy, side: Side, refusal: AccountRefusal): Promise<void> {
    const { copies, now } = this.#options;
    if (!isAccountProblem(refusal)) {
      const text = refusal.code === "server_refused" ? refusal.text : "";
      return this.#end(copy, "stopped", { code: "refused", side, text });
    }
    const page = refusal.code === "consent_needed" ? refusal.consentUri : null;
    const stopped = await copies.apply(copy.id, "needs_owner", {
      reason: { code: "account", side, problem: refusal.code, page },
      waitingSince: now(),
    });
    if (stopped !== null) await this.#notify(stopped);
  }

  /** The message is sent before the end is stored. A crash in between repeats the same message. */
  async #end(copy: KeyCopy, event: "stopped" | "abandoned", reason: KeyCopyReason): Promise<void> {
    const { copies, listener } = this.#options;
    const state = event === "stopped" ? "stopped" : "cancelled";
    await listener.news({ ...copy, state, reason });
    const ended = await copies.apply(copy.id, event, { reason });
    if (ended !== null) listener.changed(ended);
  }

  async #notify(copy: KeyCopy): Promise<void> {
    this.#options.listener.changed(copy);
    await this.#options.listener.news(copy);
  }
}

function reasonOf({ reason }: KeyCopy): { reason?: KeyCopyReason } {
  return reason === null ? {} : { reason };
}
