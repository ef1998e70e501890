import { collectDefaultMetrics, Gauge, Registry } from "prom-client";

/**
 * A registry with the metrics of the process and the version. A part that counts something
 * registers it here (`registers: [registry]`).
 */
export function createMetrics({ version }: { version: string }): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "matrix_mover_info",
    help: "Always 1; the label is the version.",
    labelNames: ["version"],
    registers: [registry],
  })
    .labels(version)
    .set(1);
  return registry;
}
