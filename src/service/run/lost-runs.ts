import type { Logger } from "pino";
import type { Store } from "../../store/store.ts";
import type { RunListener } from "./run-listener.ts";

/**
 * Ends the runs that cannot be read, and notifies their owners. After a crash in between, the
 * notice is repeated under the same key, so it is sent once.
 */
export async function endLostRuns({
  store: { lostRuns, runs },
  listener,
  now,
  log,
}: {
  store: Pick<Store, "lostRuns" | "runs">;
  listener: Pick<RunListener, "lost">;
  now: () => number;
  log: Logger;
}): Promise<void> {
  for (const { id, owner, address } of await lostRuns.all()) {
    const known = address ?? (await runs.last(owner))?.address ?? null;
    log.error({ runId: id, isOwnerTold: known !== null }, "a run cannot be read, so it is ended");
    if (known !== null) await listener.lost(id, known);
    await lostRuns.end(id, now());
  }
}
