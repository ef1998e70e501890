import { sides } from "../../model/account.ts";
import { ownLimitOfLane, sideOfLane } from "../../model/lanes.ts";
import type { Run } from "../../model/run.ts";
import { isWorkedOn } from "../../model/run-states.ts";
import type { LimitName } from "../../model/step.ts";
import type { EndWait } from "../../queue/active-run.ts";
import type { Limits } from "../../queue/rate-limits.ts";
import { serverNameOf } from "../../platforms/matrix/ids/identifiers.ts";
import type { StepCount, Steps } from "../../store/steps.ts";
import type { Runs } from "../../store/runs.ts";
import type { RoomCounts, RunStatus, RunWait } from "./results.ts";

export interface RunStatusOptions {
  runs: Pick<Runs, "roomCounts">;
  steps: Pick<Steps, "counts">;
  limits: Pick<Limits, "load" | "nextAt" | "expectedMs">;
  /** When a homeserver that is away is asked again; `null` when it answers. */
  awayUntil: (serverName: string) => number | null;
  /** What a run waits for that has nothing left to do but to end. */
  endWait: (runId: number) => EndWait | null;
  now: () => number;
}

/** Says where runs stand, by what is stored and what is known of limits. */
export class RunStatuses {
  readonly #options: RunStatusOptions;

  constructor(options: RunStatusOptions) {
    this.#options = options;
  }

  async of(run: Run): Promise<RunStatus> {
    const { runs, steps, limits, now } = this.#options;
    const counts = await steps.counts(run.id);
    for (const side of sides) await limits.load(run[side]);
    const total = (fits: (count: StepCount) => boolean): number =>
      counts.reduce((sum, count) => sum + (fits(count) ? count.count : 0), 0);
    const waits = isWorkedOn(run) ? this.#waits(run, counts) : [];
    return {
      number: run.planNumber,
      purpose: run.purpose,
      state: run.state,
      source: run.source,
      target: run.target,
      startedAt: run.startedAt,
      endedAt: run.endedAt,
      isCancelled: run.isCancelled,
      rooms: roomCounts(await runs.roomCounts(run.id)),
      steps: {
        total: total(({ state }) => state !== "dropped"),
        done: total(({ state }) => state === "done"),
        failed: total(({ state }) => state === "failed"),
        dormant: run.endedAt === null ? 0 : total(({ state, isBlocked }) => state === "pending" && isBlocked),
      },
      waits,
      expectedEnd: isWorkedOn(run) ? this.#expectedEnd(run, counts, waits, now()) : null,
      problem: run.problem,
      wasInterrupted: run.wasInterrupted,
    };
  }

  #waits(run: Run, counts: readonly StepCount[]): RunWait[] {
    const { limits, awayUntil, now } = this.#options;
    const at = now();
    const found = new Map<string, RunWait>();
    const end = this.#options.endWait(run.id);
    if (end !== null && end.until > at)
      add({ ...end, serverName: serverNameOf(run[end.side]) ?? "", limit: null, steps: 0 });
    for (const { lane, state, isBlocked, waitingFor, waitsForSide, notBefore, count } of counts) {
      if (state !== "pending" || isBlocked) continue;
      const [side, limit] = [sideOfLane(lane), ownLimitOfLane(lane)];
      const serverName = serverNameOf(run[side]) ?? "";
      const away = awayUntil(serverName);
      // What is written on one server may first have to be read from the other.
      const other = waitsForSide !== null && waitsForSide !== side && notBefore > at ? waitsForSide : null;
      const limitedUntil = limit === null ? at : limits.nextAt(run[side], limit, at);
      if (away !== null)
        add({ side, serverName, waitingFor: "server", limit: null, until: away, steps: count });
      else if (other !== null && (waitingFor === "server" || waitingFor === "limit"))
        add({
          side: other,
          serverName: serverNameOf(run[other]) ?? "",
          waitingFor,
          limit: null,
          until: notBefore,
          steps: count,
        });
      else if (waitingFor === "room" && notBefore > at)
        add({ side, serverName, waitingFor: "room", limit: null, until: notBefore, steps: count });
      else if (limitedUntil > at)
        add({ side, serverName, waitingFor: "limit", limit, until: limitedUntil, steps: count });
      else if (notBefore > at && waitingFor !== null)
        add({
          side,
          serverName,
          waitingFor: waitingFor === "limit" ? "limit" : "server",
          limit,
          until: notBefore,
          steps: count,
        });
    }
    return [...found.values()];

    function add(wait: RunWait): void {
      const key = `${wait.side} ${wait.waitingFor} ${wait.limit ?? ""}`;
      const before = found.get(key);
      const until = Math.min(
        before?.until ?? Number.POSITIVE_INFINITY,
        wait.until ?? Number.POSITIVE_INFINITY,
      );
      found.set(key, { ...wait, until, steps: (before?.steps ?? 0) + wait.steps });
    }
  }

  /** By the limits, since everything else is quick; not known while a server is away. */
  #expectedEnd(run: Run, counts: readonly StepCount[], waits: readonly RunWait[], at: number): number | null {
    if (waits.some(({ waitingFor }) => waitingFor === "server")) return null;
    let longestMs = 0;
    for (const side of sides) {
      const open = new Map<LimitName, number>();
      for (const { lane, state, count } of counts) {
        const limit = ownLimitOfLane(lane);
        if ((state !== "pending" && state !== "taken") || sideOfLane(lane) !== side || limit === null)
          continue;
        open.set(limit, (open.get(limit) ?? 0) + count);
      }
      longestMs = Math.max(longestMs, this.#options.limits.expectedMs(run[side], open, at));
    }
    const untilRooms = waits.map(({ until }) => until ?? at);
    return Math.max(at + longestMs, ...untilRooms);
  }
}

function roomCounts(counts: ReadonlyMap<string, number>): RoomCounts {
  const of = (...statuses: string[]): number =>
    statuses.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
  return {
    done: of("done"),
    open: of("planned", "running", "waiting"),
    needsModerator: of("needs_moderator"),
    needsYou: of("needs_you"),
    failed: of("failed"),
    skipped: of("skipped"),
  };
}
