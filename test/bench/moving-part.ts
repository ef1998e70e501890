import { join } from "node:path";
import { sides } from "../../src/model/account.ts";
import { routeOfStep } from "../../src/model/room-routes.ts";
import type { Route } from "../../src/model/routes.ts";
import type { Bench } from "./bench.ts";
import type { MoveMeasured, SentRequest } from "./move-case.ts";
import { loopBare, moveAll } from "./moving.ts";
import { neededRequests, roomOf } from "./needed-requests.ts";
import type { Phases } from "./phases.ts";
import { phasesOf } from "./phases.ts";
import type { PopulatedPair } from "./populated-pair.ts";
import { populatedPair } from "./populated-pair.ts";
import { kilobytes, mebibytes, ratio, seconds, textTable } from "./table.ts";

interface Line {
  readonly rooms: number;
  readonly phases: Phases;
  readonly needed: number;
  readonly measured: MoveMeasured;
  /** Number of requests under way → milliseconds. */
  readonly bareMs: ReadonlyMap<number, number>;
}

/**
 * Measures one person's move against the fewest possible requests, and against the fastest bare
 * loop that sends only those.
 */
export async function benchMoving(
  bench: Bench,
  sizes: readonly number[],
  concurrencies: readonly number[],
): Promise<string> {
  const { folder, log } = bench;
  const lines: Line[] = [];
  for (const rooms of sizes) {
    const populated = await populatedPair(join(folder, String(rooms)), { movers: 1, rooms }, log);
    log(`moving ${rooms} rooms`);
    const first = await moveOnce(populated, bench);
    const units = neededRequests(first.measured);
    const bareMs = new Map<number, number>();
    for (const concurrency of concurrencies) {
      log(`the bare loop for ${rooms} rooms, ${concurrency} at a time`);
      bareMs.set(concurrency, (await loopBare(populated, bench, { units, concurrency })).ms);
    }
    // The fastest bare loop is compared with the faster of two moves, one before and one after it,
    // because the load of the machine changes.
    const again = await moveOnce(populated, bench);
    const better = again.phases.moves.ms < first.phases.moves.ms ? again : first;
    const needed = units.reduce((sum, { requests }) => sum + requests.length, 0);
    lines.push({ rooms, needed, bareMs, ...better });
  }
  return [timeTable(lines, concurrencies), requestTable(lines), ...lines.map(routeTable)].join("\n\n");
}

async function moveOnce(populated: PopulatedPair, bench: Bench): Promise<Pick<Line, "measured" | "phases">> {
  const measured = await moveAll(populated, bench, { limits: "unlimited", isSideBySide: true });
  const [moved] = measured.moved;
  if (moved === undefined) throw new Error("nobody moved");
  return { measured, phases: phasesOf(moved, measured.requests) };
}

function timeTable(lines: readonly Line[], concurrencies: readonly number[]): string {
  return textTable(
    [
      "rooms",
      "seconds: plan",
      "read again",
      "moves",
      "read at the end",
      ...concurrencies.map((concurrency) => `bare, ${concurrency} at a time`),
      "moves to the best",
      "from start to end",
      "processor seconds",
      "peak MiB",
      "of it before",
    ],
    lines.map(({ rooms, phases: { plan, start, moves, end }, bareMs, measured }) => {
      const best = Math.min(...bareMs.values());
      return [
        String(rooms),
        ...[plan, start, moves, end].map(({ ms }) => seconds(ms)),
        ...concurrencies.map((concurrency) => seconds(bareMs.get(concurrency) ?? 0)),
        ratio(moves.ms, best),
        ratio(start.ms + moves.ms + end.ms, best),
        seconds(measured.cpuMs),
        mebibytes(measured.peakBytes),
        mebibytes(measured.baseBytes),
      ];
    }),
  );
}

function requestTable(lines: readonly Line[]): string {
  return textTable(
    [
      "rooms",
      "requests old + new: plan",
      "read again",
      "moves",
      "read at the end",
      "fewest moves",
      "moves to these",
      "from start to end",
      "the same with one reading",
      "kB old + new: moves",
      "in all",
    ],
    lines.map(({ rooms, phases: { plan, start, moves, end }, needed }) => {
      const parts = [start, moves, end].map(({ requests }) => requests);
      return [
        String(rooms),
        ...[plan, start, moves, end].map(({ requests }) => bySide(requests, (own) => String(own.length))),
        String(needed),
        ratio(moves.requests.length, needed),
        ratio(parts.flat().length, needed),
        // Every account must be read once.
        ratio(parts.flat().length, needed + plan.requests.length),
        bySide(moves.requests, bytesOf),
        bySide(parts.flat(), bytesOf),
      ];
    }),
  );
}

/** Requests that one room of each route takes, all writes in the room included. */
function routeTable({ rooms, phases, measured }: Line): string {
  const counts = new Map<string, { rooms: number; entry: number; all: number }>();
  const countOf = new Map<string, { rooms: number; entry: number; all: number }>();
  for (const [roomId, route] of measured.moved.flatMap(routesTaken)) {
    const count = counts.get(route) ?? { rooms: 0, entry: 0, all: 0 };
    count.rooms += 1;
    counts.set(route, count);
    countOf.set(roomId, count);
  }
  for (const { path } of phases.moves.requests) {
    const count = countOf.get(roomOf(path) ?? "");
    if (count === undefined) continue;
    count.all += 1;
    if (isEntry(path)) count.entry += 1;
  }
  return textTable(
    [`route, of ${rooms} rooms`, "rooms", "requests a room: to enter", "with power, tags, settings, markers"],
    [...counts].map(([route, { rooms: own, entry, all }]) => [
      route,
      String(own),
      ratio(entry, own),
      ratio(all, own),
    ]),
  );
}

/** A moved room ends with the route `joined`. The steps show by which route it was entered. */
function routesTaken({ rooms, steps }: MoveMeasured["moved"][number]): [string, Route][] {
  return rooms.map(({ roomId, route }) => {
    const taken = steps
      .filter((step) => step.roomId === roomId && step.state === "done")
      .map(({ kind }) => routeOfStep(kind));
    return [roomId, taken.find((way) => way !== null) ?? route];
  });
}

function isEntry(path: string): boolean {
  return /\/(?:join|knock)\/|\/invite$/.test(path);
}

function bySide(requests: readonly SentRequest[], show: (own: readonly SentRequest[]) => string): string {
  return sides.map((side) => show(requests.filter((request) => request.side === side))).join(" + ");
}

function bytesOf(requests: readonly SentRequest[]): string {
  return kilobytes(requests.reduce((sum, { bytes }) => sum + bytes, 0));
}
