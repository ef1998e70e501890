import type { Logger } from "pino";
import type { Run } from "../../model/run.ts";
import { stages } from "../../model/step.ts";
import { HomeserverError } from "../../platforms/matrix/api/homeserver-error.ts";
import { UnreachableError } from "../../network/unreachable-error.ts";
import type { RunRoom } from "../../model/run-room.ts";
import { waitsForPerson } from "../../model/room-routes.ts";
import type { WatchedRoom } from "../../platforms/matrix/watch/access-change.ts";
import type { AccessChanges } from "../../model/room-routes.ts";
import type { WatchingAccount } from "../../platforms/matrix/watch/look-for-access-changes.ts";
import { roomAfterChange } from "../../model/room-routes.ts";
import { watchedRoom } from "../../platforms/matrix/watch/watched-room.ts";
import { stepsInto } from "../../platforms/matrix/steps-of-run.ts";
import { lookForAccessChanges } from "../../platforms/matrix/watch/look-for-access-changes.ts";
import type { Runner } from "../../queue/runner.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { AccountAccess, AccountReaders } from "../accounts/readers.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * How often the rooms are looked at, by the time since the run ended: people answer soon, or much
 * later. A look is one or two requests that no limit counts.
 */
const RHYTHM: readonly { until: number; everyMs: number }[] = [
  { until: 10 * MINUTE_MS, everyMs: 10 * SECOND_MS },
  { until: HOUR_MS, everyMs: MINUTE_MS },
  { until: 24 * HOUR_MS, everyMs: 5 * MINUTE_MS },
  { until: Number.POSITIVE_INFINITY, everyMs: 15 * MINUTE_MS },
];

export interface RunWatchOptions {
  readers: AccountReaders;
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
  /**
   * The features of servers, by address. They are read once, and again after a failed look, because
   * the server may have changed.
   */
  readonly #features = new Map<string, WatchingAccount["features"]>();
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
          log.warn({ err: error, runId: run.id }, "a look for late arrivals failed; there will be another"),
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
    const { runs, readers, log } = this.#options;
    const run = await runs.get(runId);
    if (run?.state !== "watching") return;
    const rooms = await runs.rooms(run.id);
    const waiting = rooms.filter(waitsForPerson).map(watchedRoom);
    const source = await readers.access(run.owner, "source");
    const target = await readers.access(run.owner, "target");
    if (
      waiting.length === 0 ||
      source?.account.userId !== run.source ||
      target?.account.userId !== run.target
    )
      return;
    const inside = new Set(rooms.filter((room) => room.isInside).map((room) => room.roomId));
    const signs = await this.#signs(
      await this.#lookingAs(source),
      await this.#lookingAs(target),
      waiting,
      inside,
    );
    if (signs === null) for (const { account } of [source, target]) this.#features.delete(account.baseUrl);
    if (signs === null || signs.size === 0) return;
    log.info({ runId, rooms: signs.size }, "rooms have opened");
    await this.#resume(run, rooms, signs);
  }

  async #lookingAs({ account, client, readable }: AccountAccess): Promise<WatchingAccount> {
    const features = this.#features.get(account.baseUrl) ?? (await readable()).features;
    this.#features.set(account.baseUrl, features);
    return { client, userId: account.userId, features };
  }

  /** @returns `null` if a server does not answer now */
  async #signs(
    source: WatchingAccount,
    target: WatchingAccount,
    rooms: readonly WatchedRoom[],
    inside: ReadonlySet<string>,
  ): Promise<AccessChanges | null> {
    try {
      const isJoined = (roomId: string): boolean => inside.has(roomId);
      return await lookForAccessChanges({ source, target, rooms, isJoined, signal: this.#stopping.signal });
    } catch (error) {
      if (error instanceof HomeserverError || error instanceof UnreachableError) return null;
      throw error;
    }
  }

  async #resume(run: Run, rooms: readonly RunRoom[], signs: AccessChanges): Promise<void> {
    const { runs, steps, runner, now } = this.#options;
    const changed = rooms.flatMap((room) => {
      const sign = signs.get(room.roomId);
      return sign === undefined ? [] : [roomAfterChange(room, sign, now())];
    });
    const entries = changed
      .filter((room) => room.status === "planned")
      .flatMap((room) => stepsInto(room, room.route));
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
