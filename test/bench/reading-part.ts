import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { measureInProcess } from "./measuring.ts";
import { populatedPair, withCopy } from "./populated-pair.ts";
import type { Case, Measured } from "./reading-case.ts";
import { WAYS, measuredSchema } from "./reading-case.ts";
import { kilobytes, mebibytes, seconds, textTable } from "./table.ts";
import { openTraffic } from "./traffic.ts";

/** The other ways of reading are compared at this size only. */
const COMPARED_AT = 200;

interface Line extends Measured {
  readonly how: Case["how"];
  readonly bytes: number;
  readonly decidingBytes: number;
}

/**
 * Measures reading two accounts and planning.
 * @param planOnly numbers of rooms to plan without servers, copied from the reading of the largest
 * account
 */
export async function benchReading(
  { folder, log }: Bench,
  sizes: readonly number[],
  planOnly: readonly number[],
): Promise<string> {
  const lines: Line[] = [];
  const largest = Math.max(...sizes);
  for (const count of sizes) {
    const populated = await populatedPair(join(folder, String(count)), { movers: 1, rooms: count }, log);
    const [mover] = populated.movers;
    if (mover === undefined) throw new Error("nobody moves");
    await withCopy(populated, { limits: "unlimited", log }, async (pair) => {
      const sourceTraffic = await openTraffic(pair.old, mover.source.userId);
      const targetTraffic = await openTraffic(pair.new, mover.target.userId);
      for (const how of count === COMPARED_AT ? WAYS : (["sliding_sync"] as const)) {
        log(`reading and planning ${count} rooms by ${how}`);
        const input: Case = {
          source: { ...mover.source, baseUrl: pair.old.baseUrl },
          target: { ...mover.target, baseUrl: pair.new.baseUrl },
          how,
          planOnly: count === largest && how === "sliding_sync" ? [...planOnly] : [],
        };
        const measured = await measureInProcess(
          new URL("measure-reading.ts", import.meta.url),
          input,
          measuredSchema,
        );
        const { requests } = measured;
        const ofSource = await sourceTraffic.take(requests.source, requests.decidingSource);
        const ofTarget = await targetTraffic.take(requests.target, requests.decidingTarget);
        const decidingBytes = ofSource.moreBytes + ofTarget.moreBytes;
        lines.push({ ...measured, how, bytes: ofSource.bytes + ofTarget.bytes, decidingBytes });
      }
    });
  }
  return `${readingTable(lines)}\n\n${planningTable(lines)}`;
}

function readingTable(lines: readonly Line[]): string {
  return textTable(
    [
      "rooms",
      "read by",
      "requests old + new",
      "kB",
      "seconds",
      "deciding: requests",
      "kB",
      "seconds",
      "peak MiB",
      "of it before",
    ],
    lines.map((line) => [
      String(line.rooms),
      line.how,
      `${line.requests.source} + ${line.requests.target}`,
      kilobytes(line.bytes),
      seconds(line.readingMs),
      `${line.requests.decidingSource} + ${line.requests.decidingTarget}`,
      kilobytes(line.decidingBytes),
      seconds(line.decidingMs),
      mebibytes(line.peakBytes),
      mebibytes(line.baseBytes),
    ]),
  );
}

function planningTable(lines: readonly Line[]): string {
  const bySize = lines.filter(({ how }) => how === "sliding_sync");
  const planned = [...bySize, ...lines.flatMap((line) => line.planOnly)];
  return textTable(
    ["rooms", "planning: seconds"],
    planned.map(({ rooms, planningMs }) => [String(rooms), seconds(planningMs)]),
  );
}
