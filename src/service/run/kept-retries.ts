import type { Logger } from "pino";
import type { RunPurpose } from "../../model/run.ts";
import { Slots } from "../../model/slots.ts";
import { pause } from "../../queue/pause.ts";
import { TimedWorker } from "../../queue/timed-worker.ts";
import type { KeptRequestRows } from "../../store/kept-requests.ts";
import type { Kept } from "./kept-request.ts";
import type { KeptRequests } from "./kept-requests.ts";
import type { UndoPreviewResult, UndoResult, VerifyResult } from "./results.ts";
import type { RunStarter } from "./start.ts";
import type { MoveVerifier } from "./verify.ts";

/**
 * The number of tries under way at once. Each reads two whole accounts, and new commands of people
 * have priority.
 */
const MAX_TRIES = 4;
/** The number of tries under way at one server. A server that hangs does not hold up the others. */
const MAX_TRIES_PER_SERVER = 2;
/** The pause after work on the database has failed. */
const AFTER_FAILURE_MS = 5_000;

/** The result of a kept request. */
export type KeptAnswer =
  | { of: "run"; purpose: RunPurpose; result: UndoResult }
  | { of: "undo_question"; result: UndoPreviewResult }
  | { of: "verify"; result: VerifyResult };

export interface KeptRetriesOptions {
  kept: KeptRequests;
  rows: Pick<KeptRequestRows, "nextAt">;
  starter: Pick<RunStarter, "start" | "inviteAll" | "joinAll" | "copyProfile" | "undo" | "previewUndo">;
  verifier: Pick<MoveVerifier, "verify">;
  /** Informs the person. It may be called again after a crash. */
  answered: (kept: Kept, answer: KeptAnswer) => Promise<void>;
  isPermitted: (owner: string) => boolean;
  serverName: (userId: string) => string;
  now: () => number;
  log: Logger;
}

/** Tries kept requests again, until their servers answer. */
export class KeptRetries {
  readonly #options: KeptRetriesOptions;
  readonly #slots = new Slots(MAX_TRIES);
  readonly #underWay = new Map<number, Promise<void>>();
  readonly #worker: TimedWorker;
  readonly #stopping = new AbortController();

  constructor(options: KeptRetriesOptions) {
    this.#options = options;
    this.#worker = new TimedWorker(() => this.#beginDue(), options);
  }

  start(): void {
    this.#worker.start();
  }

  /** Call this when a request was kept. */
  wake(): void {
    this.#worker.wake();
  }

  /** Resolves when no try is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#worker.stop();
    await Promise.all(this.#underWay.values());
  }

  async #beginDue(): Promise<{ nextAt: number | null }> {
    const { kept, rows, now } = this.#options;
    // One time for both questions: what becomes due between two would be in neither answer.
    const at = now();
    for (const each of await kept.due(at)) if (!this.#underWay.has(each.id)) this.#begin(each);
    return { nextAt: await rows.nextAt(at) };
  }

  #begin(kept: Kept): void {
    const server = this.#options.serverName(kept.cause.userId);
    const work = this.#slots
      .run([{ key: server, max: MAX_TRIES_PER_SERVER }], () => this.#try(kept))
      .then(async (pauseMs) => {
        await pause(pauseMs, this.#stopping.signal);
        this.#underWay.delete(kept.id);
        this.wake();
      });
    this.#underWay.set(kept.id, work);
  }

  /** @returns the pause before the request is looked at again */
  async #try(each: Kept): Promise<number> {
    const { kept, isPermitted, log } = this.#options;
    if (this.#stopping.signal.aborted) return 0;
    try {
      if (isPermitted(each.owner)) await this.#again(each);
      else await kept.done(each);
      return 0;
    } catch (error) {
      log.error({ err: error, kind: each.request.kind }, "a kept request failed; it is tried again");
      return await kept.delay(each).then(
        () => 0,
        () => AFTER_FAILURE_MS,
      );
    }
  }

  async #again(each: Kept): Promise<void> {
    const { kept, answered, log } = this.#options;
    const answer = await this.#perform(each);
    const { status } = answer.result;
    if (status === "kept" || status === "stopped" || !(await kept.isKept(each))) return;
    // A watched run goes on by itself, or the server of a named room does not answer.
    const isPassing = status === "already" || status === "unanswered_alias";
    if (isPassing && (await kept.delay(each)).status === "kept") return;
    log.info({ kind: each.request.kind, tries: each.tries + 1, status }, "a kept request has its answer");
    await answered(each, answer);
    await kept.done(each);
  }

  async #perform(each: Kept): Promise<KeptAnswer> {
    const { starter, verifier } = this.#options;
    const { owner, address, request } = each;
    const asked = { owner, address, onProgress: () => undefined };
    switch (request.kind) {
      case "move":
        return {
          of: "run",
          purpose: request.kind,
          result: await starter.start({ ...asked, ...request }, each),
        };
      case "invitations":
        return {
          of: "run",
          purpose: request.kind,
          result: await starter.inviteAll({ ...asked, ...request }, each),
        };
      case "joins":
        return {
          of: "run",
          purpose: request.kind,
          result: await starter.joinAll({ ...asked, ...request }, each),
        };
      case "profile":
        return {
          of: "run",
          purpose: request.kind,
          result: await starter.copyProfile({ ...asked, ...request }, each),
        };
      case "undo":
        return { of: "run", purpose: request.kind, result: await starter.undo(asked, request, each) };
      case "undo_question":
        return { of: "undo_question", result: await starter.previewUndo(asked, each) };
      case "verify":
        return { of: "verify", result: await verifier.verify({ ...asked, ...request }, each) };
    }
  }
}
