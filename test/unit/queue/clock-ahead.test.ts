import { expect, it } from "vitest";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import type { Ticket } from "../../../src/queue/rate-limits.ts";
import { Limits } from "../../../src/queue/rate-limits.ts";

const ME = "@me:old.example";
const DAY_MS = 24 * 3_600_000;
const NOW = 100 * DAY_MS;

async function freshLimits(): Promise<Limits> {
  const limits = new Limits(
    { of: async () => [], forget: async () => undefined },
    RATE_LIMITS,
    () => undefined,
  );
  await limits.load(ME);
  return limits;
}

function taken(limits: Limits, now: number): Ticket {
  const turn = limits.turn(ME, "joins", now);
  if (turn.kind === "wait") throw new Error("no turn");
  return turn.ticket;
}

it("a limit that was observed while the clock was a day ahead holds nothing back afterwards", async () => {
  const limits = await freshLimits();
  limits.refused(taken(limits, NOW + DAY_MS), 60_000, NOW + DAY_MS);
  expect(limits.turn(ME, "joins", NOW)).toMatchObject({ kind: "go" });
  expect(limits.nextAt(ME, "joins", NOW)).toBe(NOW);
});

it("requests that were counted while the clock was a day ahead hold nothing back afterwards", async () => {
  const limits = await freshLimits();
  for (let count = 0; count < 10; count += 1) limits.passed(taken(limits, NOW + DAY_MS));
  expect(limits.nextAt(ME, "joins", NOW)).toBe(NOW);
});

it("an hour that a server asks for is waited for", async () => {
  const limits = await freshLimits();
  limits.refused(taken(limits, NOW), 3_600_000, NOW);
  expect(limits.turn(ME, "joins", NOW + 60_000)).toMatchObject({ kind: "wait" });
  expect(limits.turn(ME, "joins", NOW + 3_610_000)).toMatchObject({ kind: "go" });
});
