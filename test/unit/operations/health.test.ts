import { pino } from "pino";
import { afterEach, expect, it } from "vitest";
import {
  type HealthEndpoint,
  type HealthEndpointOptions,
  startHealthEndpoint,
} from "../../../src/operations/health.ts";
import { createMetrics } from "../../../src/operations/metrics.ts";
import { StartProblem } from "../../../src/operations/start-problem.ts";

const started: HealthEndpoint[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((endpoint) => endpoint.stop()));
});

async function start(health: HealthEndpointOptions["health"], port = 0): Promise<string> {
  const endpoint = await startHealthEndpoint({
    listen: { host: "127.0.0.1", port },
    health,
    metrics: createMetrics({ version: "1.2.3" }),
    log: pino({ level: "silent" }),
  });
  started.push(endpoint);
  return `http://127.0.0.1:${String(endpoint.address.port)}`;
}

it("answers 200 while the bot is healthy, and 503 when it is not", async () => {
  let isHealthy = true;
  const base = await start(() => ({ isHealthy, checks: { sync: isHealthy ? "ok" : "failing" } }));
  const healthy = await fetch(`${base}/health`);
  expect([healthy.status, await healthy.json()]).toEqual([200, { status: "ok", checks: { sync: "ok" } }]);
  isHealthy = false;
  const failing = await fetch(`${base}/health`);
  expect([failing.status, await failing.json()]).toEqual([
    503,
    { status: "failing", checks: { sync: "failing" } },
  ]);
});

it("answers 503 when asking for the health fails", async () => {
  const base = await start(() => Promise.reject(new Error("database is closed")));
  const response = await fetch(`${base}/health`);
  expect([response.status, await response.text()]).toEqual([503, '{"status":"failing","checks":{}}\n']);
});

it("serves metrics in the form that Prometheus reads", async () => {
  const base = await start(() => ({ isHealthy: true, checks: {} }));
  const response = await fetch(`${base}/metrics?x=1`);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await response.text();
  expect(text).toContain('matrix_mover_info{version="1.2.3"} 1');
  expect(text).toContain("process_resident_memory_bytes");
});

it("has nothing else, and takes nothing", async () => {
  const base = await start(() => ({ isHealthy: true, checks: {} }));
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/health`, { method: "POST", body: "x" })).status).toBe(405);
  expect((await fetch(`${base}/health`, { method: "HEAD" })).status).toBe(200);
});

it("says in plain words that its port is taken", async () => {
  const base = await start(() => ({ isHealthy: true, checks: {} }));
  const second = start(() => ({ isHealthy: true, checks: {} }), Number(new URL(base).port));
  await expect(second).rejects.toThrow(StartProblem);
  await expect(second).rejects.toThrow(/http\.listen/);
});
