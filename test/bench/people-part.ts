import { join } from "node:path";
import type { Bench } from "./bench.ts";
import type { MoveMeasured } from "./move-case.ts";
import { moveAll } from "./moving.ts";
import type { Inhabited } from "./populated-pair.ts";
import { populatedPair } from "./populated-pair.ts";
import { mebibytes, ratio, seconds, textTable } from "./table.ts";

/**
 * Measures many people at once on one pair of servers, against the same people one after the other.
 * Also compares the memory of few people with many rooms and many people with few rooms.
 */
export async function benchPeople(bench: Bench, people: number, rooms: number): Promise<string> {
  const together = await moved(bench, { movers: people, rooms }, true);
  const inTurn = await moved(bench, { movers: people, rooms }, false);
  const alone = await moved(bench, { movers: 1, rooms: people * rooms }, true);
  const half = await moved(bench, { movers: people / 2, rooms: rooms * 2 }, true);
  const line = (name: string, measured: MoveMeasured): string[] => {
    const took = measured.moved
      .map(({ startAt, endAt }) => endAt - startAt)
      .sort((one, other) => one - other);
    return [
      name,
      seconds(allMs(measured)),
      seconds(took[0] ?? 0),
      seconds(took[Math.floor(took.length / 2)] ?? 0),
      seconds(took.at(-1) ?? 0),
      mebibytes(measured.peakBytes),
      mebibytes(measured.baseBytes),
      seconds(measured.cpuMs),
    ];
  };
  const table = textTable(
    [
      "people × rooms",
      "seconds for all",
      "for one: least",
      "middle",
      "most",
      "peak MiB",
      "of it before",
      "processor seconds",
    ],
    [
      line(`${people} × ${rooms} at once`, together),
      line(`${people} × ${rooms} in turn`, inTurn),
      line(`${people / 2} × ${rooms * 2} at once`, half),
      line(`1 × ${people * rooms}`, alone),
    ],
  );
  return `${table}\n\nat once to in turn: ${ratio(allMs(together), allMs(inTurn))}`;
}

async function moved(bench: Bench, inhabited: Inhabited, isSideBySide: boolean): Promise<MoveMeasured> {
  const { movers, rooms } = inhabited;
  const folder = movers === 1 ? String(rooms) : `${movers}x${rooms}`;
  const populated = await populatedPair(join(bench.folder, folder), inhabited, bench.log);
  bench.log(`moving ${movers} × ${rooms} rooms ${isSideBySide ? "at once" : "in turn"}`);
  return moveAll(populated, bench, { limits: "unlimited", isSideBySide });
}

/** From the first plan to the last end. */
function allMs({ moved: all }: MoveMeasured): number {
  return Math.max(...all.map(({ endAt }) => endAt)) - Math.min(...all.map(({ planAt }) => planAt));
}
