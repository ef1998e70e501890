import { Counter, Gauge, type Registry } from "prom-client";

/** The counts that the metrics of the bot's work are read from. */
export interface WorkSource {
  /** Messages that wait to be sent. */
  unsentCount(): Promise<number>;
  readonly counts: {
    /** The number of runs by state. */
    runs(): Promise<ReadonlyMap<string, number>>;
    /** The number of steps by state, of runs that are not over. */
    steps(): Promise<ReadonlyMap<string, number>>;
  };
}

/** Registers the metrics of the bot's work. They are read at each request. */
export function registerWork(registry: Registry, source: WorkSource): void {
  new Gauge({
    name: "matrix_mover_outbox_unsent",
    help: "Messages that wait to be sent.",
    registers: [registry],
    async collect() {
      this.set(await source.unsentCount());
    },
  });
  new Gauge({
    name: "matrix_mover_runs",
    help: "Runs by state.",
    labelNames: ["state"],
    registers: [registry],
    async collect() {
      for (const [state, count] of await source.counts.runs()) this.labels(state).set(count);
    },
  });
  new Gauge({
    name: "matrix_mover_steps",
    help: "Steps by state, of runs that are not over.",
    labelNames: ["state"],
    registers: [registry],
    async collect() {
      for (const [state, count] of await source.counts.steps()) this.labels(state).set(count);
    },
  });
}

/** Creates the counter of store errors. It counts from before the metrics are served. */
export function storeErrorCounter(): Counter<"problem"> {
  return new Counter({
    name: "matrix_mover_store_errors_total",
    help: "Statements that the store could not run, by problem.",
    labelNames: ["problem"],
    registers: [],
  });
}
