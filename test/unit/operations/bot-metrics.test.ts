import { expect, it } from "vitest";
import { registerWork, storeErrorCounter } from "../../../src/operations/bot-metrics.ts";
import { healthReport } from "../../../src/operations/health.ts";
import { createMetrics } from "../../../src/operations/metrics.ts";

it("the metrics count runs and steps by state, unsent messages, and errors of the store by problem", async () => {
  const metrics = createMetrics({ version: "1" });
  const errors = storeErrorCounter();
  metrics.registerMetric(errors);
  registerWork(metrics, {
    unsentCount: () => Promise.resolve(3),
    counts: {
      runs: () => Promise.resolve(new Map([["running", 2]])),
      steps: () => Promise.resolve(new Map([["pending", 7]])),
    },
  });
  errors.inc({ problem: "full" });
  const text = await metrics.metrics();
  for (const line of [
    "matrix_mover_outbox_unsent 3",
    'matrix_mover_runs{state="running"} 2',
    'matrix_mover_steps{state="pending"} 7',
    'matrix_mover_store_errors_total{problem="full"} 1',
  ])
    expect(text).toContain(line);
});

it("the bot is healthy only if every check is", () => {
  expect(healthReport({ sync: true, store: true })).toEqual({
    isHealthy: true,
    checks: { sync: "ok", store: "ok" },
  });
  expect(healthReport({ sync: true, store: false })).toEqual({
    isHealthy: false,
    checks: { sync: "ok", store: "failing" },
  });
});
