import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./longest-first.ts";

const MINUTE_MS = 60_000;
/**
 * The time limit of a test or hook. It is long, because a busy machine is slow, and shorter than
 * that of the gate, which would end the whole stage. The first hook also waits for the download of
 * the homeservers.
 */
const STANDSTILL_MS = 8 * MINUTE_MS;
/** The time limit of a wait for one thing, whose error says more than that of its test. */
const WAIT_MS = 5 * MINUTE_MS;

// Three runs, one for each folder. Nothing is retried.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    pool: "forks",
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    // Titles show the names of cases in full.
    taskTitleValueFormatTruncate: 0,
    sequence: { sequencer: LongestFirst },
    testTimeout: STANDSTILL_MS,
    hookTimeout: STANDSTILL_MS,
    expect: { poll: { timeout: WAIT_MS } },
    // Node loads these itself, because matrix-bot-sdk does. Otherwise there would be two copies,
    // each with a state of its own.
    server: { deps: { external: [/src\/overrides\//] } },
    // The gate runs two projects side by side on two cores, and a file that brings up homeservers
    // waits half of its time.
    maxWorkers: 2,
    projects: ["unit", "integration", "e2e"].map((name) => ({
      extends: true,
      test: { name, include: [`test/${name}/**/*.test.ts`] },
    })),
  },
});
