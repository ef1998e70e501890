import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { KeptRequestRow, KeptRequestRows } from "../../store/kept-requests.ts";
import type { CannotDecide } from "../plan/results.ts";
import type { Kept, KeptCause, KeptKind, KeptRequest } from "./kept-request.ts";
import {
  KEPT_FOR_MS,
  changesAccounts,
  keptCauseFormat,
  keptRequestFormat,
  passingCause,
  pauseAfter,
} from "./kept-request.ts";
import type { Preparations } from "./preparations.ts";
import type { GivenUp, KeptResult } from "./results.ts";

export interface KeptRequestsOptions {
  rows: KeptRequestRows;
  preparations: Preparations;
  now: () => number;
}

/** Another command of the person ended the request before it began. */
interface Stopped {
  status: "stopped";
}

/** A command of a person. */
export interface Asked {
  owner: string;
  address: ConversationAddress;
  /** The request that is kept if a server does not answer. */
  request: () => KeptRequest;
  /** The kept request that is tried again; `null` for a command that has just arrived. */
  retried: Kept | null;
}

/** Keeps requests of people while a server does not answer, at most one for each person. */
export class KeptRequests {
  readonly #options: KeptRequestsOptions;
  /** Called when a request was kept, or is to be tried now. */
  onKept: () => void = () => undefined;

  constructor(options: KeptRequestsOptions) {
    this.#options = options;
  }

  /** The request that waits for its next try; `null` for none. */
  async of(owner: string): Promise<Kept | null> {
    const kept = await this.#options.rows.of(owner);
    return kept === null || kept.isBegun ? null : keptOf(kept);
  }

  /** The requests that may be tried at a time. */
  async due(at: number): Promise<Kept[]> {
    return (await this.#options.rows.due(at)).map(keptOf).filter((kept) => kept !== null);
  }

  /** Makes a kept request due now. @returns its kind; `null` if there is none */
  async hurry(owner: string): Promise<KeptKind | null> {
    const kept = await this.of(owner);
    if (kept === null) return null;
    await this.#options.rows.hurry(kept.id);
    this.onKept();
    return kept.request.kind;
  }

  /** Ends a kept request. @returns its kind; `null` if there was none */
  async end(owner: string): Promise<KeptKind | null> {
    const kept = await this.of(owner);
    return kept !== null && (await this.#options.rows.remove(kept.id)) ? kept.request.kind : null;
  }

  /**
   * Runs a command of a person after their earlier ones. Keeps its request if a server does not
   * answer.
   */
  async attempt<Result extends { status: string }>(
    asked: Asked,
    work: (signal: AbortSignal) => Promise<Result | CannotDecide>,
  ): Promise<Result | CannotDecide | KeptResult | GivenUp | Stopped> {
    const { retried, owner } = asked;
    return this.#options.preparations.run(
      owner,
      async (signal) => {
        if (retried !== null && !(await this.isKept(retried))) return { status: "stopped" };
        const earlier = retried === null ? await this.of(owner) : null;
        const result = await work(signal);
        if (signal.aborted && isNotRead(result)) return { status: "stopped" };
        return this.#settle(asked, result, earlier);
      },
      { isRetry: retried !== null },
    );
  }

  /**
   * Keeps the request of a command that ran beside the person's other commands, if its result is
   * that a server does not answer.
   */
  async keepIfPassing<Result extends { status: string }>(
    asked: Asked,
    result: Result,
  ): Promise<Result | KeptResult | GivenUp> {
    const earlier = asked.retried === null ? await this.of(asked.owner) : null;
    return this.#settle(asked, result, earlier);
  }

  /** @param earlier the person's kept request before this one */
  async #settle<Result extends { status: string }>(
    asked: Asked,
    result: Result,
    earlier: Kept | null,
  ): Promise<Result | KeptResult | GivenUp> {
    if (isNotRead(result)) {
      const passing = passingCause(result.account, result.refusal);
      if (passing !== null) {
        const answer =
          asked.retried === null
            ? await this.#keep(asked, { result, earlier, ...passing })
            : await this.#postpone(asked.retried, passing);
        return "files" in result ? { ...answer, files: result.files } : answer;
      }
    }
    if (earlier === null) return result;
    const isSame = earlier.request.kind === asked.request().kind;
    // The store has replaced the earlier request in the transaction that began the run.
    if (result.status === "started") return isSame ? result : { ...result, replaced: earlier.request.kind };
    if (isSame) await this.#options.rows.remove(earlier.id);
    return result;
  }

  /**
   * Stores a request in place of the earlier one. A request that changes no account does not
   * replace one that does.
   */
  async #keep<Result>(
    asked: Asked,
    {
      result,
      earlier,
      cause,
      waitMs,
    }: { result: Result; earlier: Kept | null; cause: KeptCause; waitMs: number },
  ): Promise<Result | KeptResult> {
    const { rows, now } = this.#options;
    const { owner, address } = asked;
    const request = asked.request();
    const before = earlier?.request.kind ?? request.kind;
    if (changesAccounts(before) && !changesAccounts(request.kind)) return result;
    const triedAt = now() + pauseAfter(1, waitMs);
    const stored = {
      request: keptRequestFormat.toStored(request),
      cause: keptCauseFormat.toStored(cause),
    };
    await rows.put({ owner, address, ...stored, askedAt: now(), notBefore: triedAt }, cause.userId);
    this.onKept();
    const kept = { status: "kept" as const, kind: request.kind, cause, triedAt };
    return before === request.kind ? kept : { ...kept, replaced: before };
  }

  /** Whether a request was neither ended nor replaced. */
  async isKept({ id, owner }: Kept): Promise<boolean> {
    return (await this.#options.rows.of(owner))?.id === id;
  }

  /** Removes a request whose answer was sent. */
  async done({ id }: Kept): Promise<void> {
    await this.#options.rows.remove(id);
  }

  /** Postpones a request although the server of its account answers. */
  async delay(kept: Kept): Promise<KeptResult | GivenUp> {
    return this.#postpone(kept, { cause: kept.cause, waitMs: 0 });
  }

  async #postpone(
    kept: Kept,
    { cause, waitMs }: { cause: KeptCause; waitMs: number },
  ): Promise<KeptResult | GivenUp> {
    const { rows, now } = this.#options;
    if (now() - kept.askedAt >= KEPT_FOR_MS) return { status: "given_up", cause };
    const notBefore = now() + pauseAfter(kept.tries + 1, waitMs);
    await rows.postpone(kept.id, { cause: keptCauseFormat.toStored(cause), notBefore });
    return { status: "kept", kind: kept.request.kind, cause, triedAt: notBefore };
  }
}

function isNotRead(result: { status: string }): result is Extract<CannotDecide, { status: "not_read" }> {
  return result.status === "not_read";
}

/** `null` if another version of the bot wrote it. */
function keptOf(row: KeptRequestRow): Kept | null {
  const request = keptRequestFormat.fromStored(row.request);
  const cause = keptCauseFormat.fromStored(row.cause);
  return request === null || cause === null ? null : { ...row, request, cause };
}
