import type { Logger } from "pino";
import type { AccessChanges } from "../../model/room-routes.ts";
import { roomAfterChange, waitsForPerson } from "../../model/room-routes.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { Run } from "../../model/run.ts";
import { stages } from "../../model/step.ts";
import type { Platforms } from "../../platforms/platform.ts";
import type { Runner } from "../../queue/runner.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The interval between looks, by the time since the run ended. People answer soon, or much later. A
 * look is one or two requests that no limit counts.
 */
const RHYTHM: readonly { until: number; everyMs: number }[] = [
  { until: 10 * MINUTE_MS, everyMs: 10 * SECOND_MS },
  { until: HOUR_MS, everyMs: MINUTE_MS },
  { until: 24 * HOUR_MS, everyMs: 5 * MINUTE_MS },
  { until: Number.POSITIVE_INFINITY, everyMs: 15 * MINUTE_MS },
];

export interface RunWatchOptions {
  accounts: Pick<Accounts, "get">;
  platforms: Platforms<"pair" | "runs">;
  runs: Runs;
  steps: Steps;
  runner: Pick<Runner, "begin">;
  now: () => number;
  log: Logger;
}

/**
 * Watches the rooms that wait for a person after their run has settled, and resumes the run for
 * those that have opened. It looks only at rooms of the run: other invitations are the user's own.
 */
export class RunWatch {
  readonly #options: RunWatchOptions;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #stopping = new AbortController();

  constructor(options: RunWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    for (const run of await this.#options.runs.inState("watching")) this.watch(run);
  }

  /** Looks repeatedly while the run watches. */
  watch(run: Run): void {
    if (this.#stopping.signal.aborted || this.#timers.has(run.id)) return;
    const { now, log } = this.#options;
    const overForMs = now() - (run.endedAt ?? now());
    const everyMs = RHYTHM.find(({ until }) => overForMs < until)?.everyMs ?? HOUR_MS;
    const timer = setTimeout(() => {
      this.#timers.delete(run.id);
      this.#look(run.id)
        .catch((error: unknown) =>
          log.warn({ err: error, runId: run.id }, "a look at the watched rooms failed; it is repeated"),
        )
        .finally(() => void this.#again(run.id));
    }, everyMs);
    this.#timers.set(run.id, timer);
  }

  stop(): void {
    this.#stopping.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #again(runId: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const run = await this.#options.runs.get(runId);
    if (run?.state === "watching") this.watch(run);
  }

  async #look(runId: number): Promise<void> {
    const { accounts, platforms, runs, log } = this.#options;
    const run = await runs.get(runId);
    if (run?.state !== "watching") return;
    const rooms = await runs.rooms(run.id);
    const waiting = rooms.filter(waitsForPerson);
    const source = await accounts.get(run.owner, "source");
    const target = await accounts.get(run.owner, "target");
    if (waiting.length === 0 || source?.userId !== run.source || target?.userId !== run.target) return;
    const joined = new Set(rooms.filter((room) => room.isJoined).map((room) => room.roomId));
    const changes = await platforms[run.platform].pair({ source, target }).watch({
      rooms: waiting,
      isJoined: (roomId) => joined.has(roomId),
      signal: this.#stopping.signal,
    });
    if (changes === null || changes.size === 0) return;
    log.info({ runId, rooms: changes.size }, "rooms have opened");
    await this.#resume(run, rooms, changes);
  }

  async #resume(run: Run, rooms: readonly RunRoom[], changes: AccessChanges): Promise<void> {
    const { platforms, runs, steps, runner, now } = this.#options;
    const changed = rooms.flatMap((room) => {
      const change = changes.get(room.roomId);
      return change === undefined ? [] : [roomAfterChange(room, change, now())];
    });
    const entries = changed
      .filter((room) => room.status === "planned")
      .flatMap((room) => platforms[run.platform].runs.stepsInto(room, room.route));
    // The look took time. The run may have ended meanwhile, or another one may have replaced it.
    const isResumed = await steps.revise(run.id, {
      rooms: changed,
      steps: [],
      again: entries,
      run: { event: "access_changed", change: { stage: stages.profile } },
    });
    const running = isResumed ? await runs.get(run.id) : null;
    if (running !== null) await runner.begin(running);
  }
}
