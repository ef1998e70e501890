/*
 * How much it takes to read two accounts and to plan: `npm run bench -- [--rooms 100,1000] [--plan 3000] [--keep folder]`.
 *
 * Real homeservers on loopback without request limits. `--rooms`: accounts of so many rooms. `--plan`: numbers of rooms to plan without servers, made by
 * copying what was read of the largest account. `--keep`: where populated servers stay for the next time.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { WAYS } from "./case.ts";
import type { Case, Measured } from "./case.ts";
import { measureInProcess } from "./measuring-process.ts";
import { populatedPair } from "./populated-pair.ts";
import { textTable } from "./table.ts";
import { openTraffic } from "./traffic.ts";

const MEBIBYTE = 1_048_576;
/** The other ways of reading are compared at this size only. */
const COMPARED_AT = 200;

interface Line extends Measured {
  readonly how: Case["how"];
  readonly bytes: number;
  readonly decidingBytes: number;
}

const { values } = parseArgs({
  options: {
    rooms: { type: "string", default: "100,200,1000" },
    plan: { type: "string", default: "3000" },
    keep: { type: "string" },
  },
});
const sizes = numbers("rooms", values.rooms);
const planOnly = numbers("plan", values.plan);
const folder = values.keep ?? (await mkdtemp(join(tmpdir(), "mover-bench-")));
try {
  await bench();
} finally {
  if (values.keep === undefined) await rm(folder, { recursive: true });
}

async function bench(): Promise<void> {
  const lines: Line[] = [];
  const largest = Math.max(...sizes);
  for (const count of sizes) {
    const { pair, source, target } = await populatedPair(join(folder, String(count)), count, report);
    try {
      const sourceTraffic = await openTraffic(pair.old, source.userId);
      const targetTraffic = await openTraffic(pair.new, target.userId);
      for (const how of count === COMPARED_AT ? WAYS : (["sliding_sync"] as const)) {
        report(`reading and planning ${count} rooms by ${how}`);
        const measured = await measureInProcess({
          source: { ...source, baseUrl: pair.old.baseUrl },
          target: { ...target, baseUrl: pair.new.baseUrl },
          how,
          planOnly: count === largest && how === "sliding_sync" ? planOnly : [],
        });
        const { requests } = measured;
        const ofSource = await sourceTraffic.take(requests.source, requests.decidingSource);
        const ofTarget = await targetTraffic.take(requests.target, requests.decidingTarget);
        const decidingBytes = ofSource.moreBytes + ofTarget.moreBytes;
        lines.push({ ...measured, how, bytes: ofSource.bytes + ofTarget.bytes, decidingBytes });
      }
    } finally {
      await pair.stop();
    }
  }
  process.stdout.write(`${readingTable(lines)}\n\n${planningTable(lines)}\n`);
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
      (line.peakBytes / MEBIBYTE).toFixed(0),
      (line.baseBytes / MEBIBYTE).toFixed(0),
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

function numbers(name: string, text: string): number[] {
  const found = text.split(",").map(Number);
  if (found.every((number) => Number.isSafeInteger(number) && number > 0)) return found;
  process.stderr.write(`--${name} takes whole numbers with commas between them, such as 50,200\n`);
  process.exit(2);
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

/** Apart from the table, so that that can be redirected. */
function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
