import type { Run } from "../../model/run.ts";
import type { WatchLookOptions } from "./watch-look.ts";
import { WatchLook } from "./watch-look.ts";
import type { WatchMemory } from "./watch-memory.ts";
import { NO_MEMORY } from "./watch-memory.ts";
import { lookEveryMs, phaseOf } from "./watch-rhythm.ts";

/** A look that another run has held up follows this long after that run has ended. */
const SOON_MS = 1_000;

interface Watched {
  owner: string;
  endedAt: number;
  /** Absent while a look is under way. */
  timer: NodeJS.Timeout | null;
  memory: WatchMemory;
}

/**
 * Watches the rooms that wait for a person after their run has settled, and resumes the run for
 * those that have opened. It looks only at rooms of the run: other invitations are the user's own.
 *
 * Runs that ask people are watched from their beginning, because a question may wait for days. The
 * watch goes on while a run is running again, because a step may wait for the server of the old
 * account, which need not come back. The watch ends when the run can no longer change.
 */
export class RunWatch {
  readonly #options: WatchLookOptions;
  readonly #look: WatchLook;
  readonly #watched = new Map<number, Watched>();
  readonly #stopping = new AbortController();

  constructor(options: WatchLookOptions) {
    this.#options = options;
    this.#look = new WatchLook(options);
  }

  async start(): Promise<void> {
    for (const run of await this.#options.runs.inState("watching", "running"))
      if (run.endedAt !== null) this.#begin(run, phaseOf(run.id));
  }

  /** Looks repeatedly at the rooms of a run that has ended. */
  watch(run: Run): void {
    this.#begin(run, 1);
  }

  /** A run of this owner has ended. What it has held up is done soon. */
  runEnded(owner: string): void {
    for (const [runId, watched] of this.#watched) {
      if (watched.owner !== owner || watched.timer === null || !watched.memory.isHeldUp) continue;
      clearTimeout(watched.timer);
      this.#turnAfter(SOON_MS, runId, watched);
    }
  }

  stop(): void {
    this.#stopping.abort();
    for (const { timer } of this.#watched.values()) if (timer !== null) clearTimeout(timer);
    this.#watched.clear();
  }

  /** @param share of an interval until the first look */
  #begin({ id, owner, endedAt }: Run, share: number): void {
    if (this.#watched.has(id)) return;
    const watched = { owner, endedAt: endedAt ?? this.#options.now(), timer: null, memory: { ...NO_MEMORY } };
    this.#watched.set(id, watched);
    this.#schedule(id, watched, share);
  }

  #schedule(runId: number, watched: Watched, share: number): void {
    if (this.#stopping.signal.aborted) return;
    const everyMs = lookEveryMs(this.#options.now() - watched.endedAt);
    this.#turnAfter(Math.floor(everyMs * share), runId, watched);
  }

  #turnAfter(ms: number, runId: number, watched: Watched): void {
    watched.timer = setTimeout(() => {
      watched.timer = null;
      void this.#turn(runId, watched);
    }, ms);
  }

  /** One look. If it fails, for example because the database is locked, another one follows. */
  async #turn(runId: number, watched: Watched): Promise<void> {
    const isOver = await this.#look
      .look(runId, watched.memory, this.#stopping.signal)
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error, runId }, "a look at the watched rooms failed; it is repeated");
        return false;
      });
    if (isOver) this.#watched.delete(runId);
    else this.#schedule(runId, watched, 1);
  }
}
