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

const UNIT = ["test/unit/**/*.test.ts"];
/** These open crypto stores, and a process can open those of one folder only. */
const OWN_PROCESS = [
  "test/unit/overrides/**/*.test.ts",
  "test/unit/chat/start.test.ts",
  "test/unit/chat/sync/bot-crypto.test.ts",
  "test/unit/platforms/matrix/keys/emoji/*.test.ts",
];

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
    // waits half of its time. End-to-end files wait most, so three of them run (package.json).
    maxWorkers: 2,
    projects: [
      // A process for each file would spend as much time on loading modules as on the tests.
      { extends: true, test: { name: "unit", include: UNIT, exclude: OWN_PROCESS, isolate: false } },
      { extends: true, test: { name: "unit-own-process", include: OWN_PROCESS } },
      ...["integration", "e2e"].map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: fileURLToPath(new URL("../test/lab/homeservers/shared-launcher.ts", import.meta.url)),
        },
      })),
    ],
  },
});
