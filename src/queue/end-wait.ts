import type { Unread } from "./runner-work.ts";

/** What a run without remaining steps waits for before it can end, and the end of that wait. */
export type EndWait = Pick<Unread, "side" | "waitingFor"> & { until: number };

/** What a run waits for besides its steps. */
export interface BesideSteps {
  /** An undo waits for requests of other runs. */
  isHeldBack: boolean;
  endWait: EndWait | null;
}

/** The minimum time before an account that could not be read is read again. It doubles. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 30 * 60_000;

/** The pause of a run that cannot end, because an account could not be read. */
export class EndPause {
  #waitsFor: Pick<Unread, "side" | "waitingFor"> | null = null;
  #endsAt = 0;
  /** How often in a row an account could not be read. */
  #unreadInRow = 0;
  readonly #now: () => number;
  readonly #monotonicNow: () => number;

  constructor({ now, monotonicNow }: { now: () => number; monotonicNow: () => number }) {
    this.#now = now;
    this.#monotonicNow = monotonicNow;
  }

  /**
   * Begins the pause. It grows, because each try reads whole accounts, also from the server that is
   * not away.
   * @param unread the account that could not be read; `null` if nothing is waited for
   */
  begin(unread: Unread | null): void {
    this.#unreadInRow = unread === null ? 0 : this.#unreadInRow + 1;
    this.#waitsFor = unread && { side: unread.side, waitingFor: unread.waitingFor };
    const pauseMs = Math.min(FIRST_WAIT_MS * 2 ** (this.#unreadInRow - 1), LONGEST_WAIT_MS);
    const waitMs = unread === null ? 0 : Math.max(pauseMs, unread.waitMs ?? 0);
    this.#endsAt = this.#monotonicNow() + waitMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - this.#monotonicNow());
  }

  /** With the time of day of its end; `null` if nothing is waited for. */
  get shown(): EndWait | null {
    return this.#waitsFor && { ...this.#waitsFor, until: this.#now() + this.remainingMs };
  }
}

/** @param active absent if no step of the run is taken */
export function besideSteps(active?: { isHeldBack: boolean; endPause: EndPause }): BesideSteps {
  return { isHeldBack: active?.isHeldBack ?? false, endWait: active?.endPause.shown ?? null };
}
