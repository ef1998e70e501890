import type { RouteRefusal } from "../../model/run-room.ts";
import type { Runs } from "../../store/runs.ts";

/**
 * How long a refusal counts for later plans. A person can still name the room to `!join-all` or
 * `!invite-all`.
 */
const COUNTS_MS = 30 * 24 * 3_600_000;

/**
 * Routes into rooms that servers refused to runs between two accounts, by room, so that a plan does
 * not promise them again.
 */
export class RoomRefusals {
  readonly #runs: Pick<Runs, "between" | "rooms">;
  readonly #now: () => number;

  constructor(runs: Pick<Runs, "between" | "rooms">, now: () => number) {
    this.#runs = runs;
    this.#now = now;
  }

  /** @param runId the run that continues; its temporary refusals count as well */
  async between(
    owner: string,
    { source, target }: { source: string; target: string },
    runId: number | null,
  ): Promise<ReadonlyMap<string, readonly RouteRefusal[]>> {
    const found = new Map<string, RouteRefusal[]>();
    for (const run of await this.#runs.between(owner, source, target)) {
      if (run.startedAt < this.#now() - COUNTS_MS) continue;
      for (const { roomId, refusals } of await this.#runs.rooms(run.id)) {
        const lasting = refusals.filter(
          ({ code }) => run.id === runId || code === "refused" || code === "blocked_by_server",
        );
        if (lasting.length > 0) found.set(roomId, [...(found.get(roomId) ?? []), ...lasting]);
      }
    }
    return found;
  }
}
