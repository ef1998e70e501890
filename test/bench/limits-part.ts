import { join } from "node:path";
import type { RequestCounts } from "../../src/model/time-estimate.ts";
import { estimateTime } from "../../src/platforms/matrix/planning/time-estimate.ts";
import type { Bench } from "./bench.ts";
import type { MoveMeasured } from "./move-case.ts";
import { moveAll } from "./moving.ts";
import { phasesOf } from "./phases.ts";
import { populatedPair } from "./populated-pair.ts";
import { ratio, seconds, textTable } from "./table.ts";

/**
 * Number of rooms of one account, and the factor by which the limits refill faster than by default.
 */
export interface LimitedCase {
  readonly rooms: number;
  readonly scale: number;
}

/**
 * Measures one person's move under Synapse's default limits, sped up, against the least time that
 * these limits allow.
 */
export async function benchLimits(bench: Bench, cases: readonly LimitedCase[]): Promise<string> {
  const lines: string[][] = [];
  for (const { rooms, scale } of cases) {
    const populated = await populatedPair(join(bench.folder, String(rooms)), { movers: 1, rooms }, bench.log);
    bench.log(`moving ${rooms} rooms under the default limits, ${scale} times as fast`);
    const measured = await moveAll(populated, bench, { limits: { scale }, isSideBySide: true });
    const [moved] = measured.moved;
    if (moved === undefined) throw new Error("nobody moved");
    const { limits, expectedMs } = estimateTime(spendingOf(moved), false);
    const longest = limits.find(({ durationMs }) => durationMs === expectedMs);
    const { start, moves, end } = phasesOf(moved, measured.requests);
    const leastMs = expectedMs / scale;
    lines.push([
      String(rooms),
      String(scale),
      `${longest?.spent ?? 0} × ${longest?.setting ?? "none"}`,
      seconds(leastMs),
      seconds(moves.ms),
      ratio(moves.ms, leastMs),
      ratio(start.ms + moves.ms + end.ms, leastMs),
      String(measured.requests.filter(({ status }) => status === 429).length),
      String(measured.requests.filter(({ status }) => status >= 500).length),
    ]);
  }
  return textTable(
    [
      "rooms",
      "limits ×",
      "the scarcest",
      "least seconds",
      "moves",
      "to the least",
      "from start to end",
      "answered 429",
      "5xx",
    ],
    lines,
  );
}

/** What the move really took from the limits. */
function spendingOf({ steps }: MoveMeasured["moved"][number]): RequestCounts {
  const sent = steps.filter(({ state, outcome }) => state === "done" && outcome !== "already_done");
  const count = (limit: string, kinds: (kind: string) => boolean = () => true): number =>
    sent.filter(({ kind, limits }) => limits.includes(limit) && kinds(kind)).length;
  const joins = count("joins");
  const joinsNewToServer = count("remote_joins");
  return {
    invitations: count("invitations"),
    joinsNewToServer,
    otherJoins: joins - joinsNewToServer,
    sourceWrites: count("messages", (kind) => kind === "power_level"),
    targetWrites: count("messages", (kind) => kind === "room_profile" || kind === "knock"),
  };
}
