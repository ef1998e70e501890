import { sides } from "../../src/model/account.ts";
import type { RateLimits } from "../lab/homeservers/pair.ts";
import type { BareCase, BareMeasured } from "./bare-case.ts";
import { bareMeasuredSchema } from "./bare-case.ts";
import type { Bench } from "./bench.ts";
import { measureInProcess } from "./measuring.ts";
import type { MoveCase, MoveMeasured } from "./move-case.ts";
import { moveMeasuredSchema } from "./move-case.ts";
import type { Unit } from "./needed-requests.ts";
import type { PopulatedPair } from "./populated-pair.ts";
import { withCopy } from "./populated-pair.ts";
import { openTraffic } from "./traffic.ts";

/** Moves everybody of a pair, on a copy of it. */
export async function moveAll(
  populated: PopulatedPair,
  { log }: Bench,
  { limits, isSideBySide }: { limits: RateLimits; isSideBySide: boolean },
): Promise<MoveMeasured> {
  return withCopy(populated, { limits, log }, async (pair) => {
    const movers = populated.movers.map(({ source, target }) => ({
      source: { ...source, baseUrl: pair.old.baseUrl },
      target: { ...target, baseUrl: pair.new.baseUrl },
    }));
    const traffic = {
      source: await openTraffic(pair.old, ...movers.map(({ source }) => source.userId)),
      target: await openTraffic(pair.new, ...movers.map(({ target }) => target.userId)),
    };
    const measured = await measureInProcess(
      new URL("measure-moves.ts", import.meta.url),
      { movers, isSideBySide } satisfies MoveCase,
      moveMeasuredSchema,
    );
    // The servers' own logs must agree with the count, or the count is wrong.
    for (const side of sides)
      await traffic[side].take(measured.requests.filter((request) => request.side === side).length, 0);
    return measured;
  });
}

/** Does the same moves as a bare loop, on another copy. */
export async function loopBare(
  populated: PopulatedPair,
  { log }: Bench,
  { units, concurrency }: { units: readonly Unit[]; concurrency: number },
): Promise<BareMeasured> {
  return withCopy(populated, { limits: "unlimited", log }, async (pair) => {
    const sessions = populated.movers.flatMap(({ source, target }) => [source, target]);
    const tokens = Object.fromEntries(sessions.map(({ userId, accessToken }) => [userId, accessToken]));
    const baseUrl = { source: pair.old.baseUrl, target: pair.new.baseUrl };
    const input: BareCase = { baseUrl, tokens, units: [...units], concurrency };
    const measured = await measureInProcess(
      new URL("measure-bare.ts", import.meta.url),
      input,
      bareMeasuredSchema,
    );
    if (measured.different.length > 0)
      throw new Error(`the bare loop went otherwise: ${measured.different.join(", ")}`);
    return measured;
  });
}
