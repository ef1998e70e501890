import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const SECOND_MS = 1_000;

// Three runs, told apart by folder. What brings up homeservers gets time for the first download of
// them; nothing is retried.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    pool: "forks",
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    // Names of cases stand in titles in full.
    taskTitleValueFormatTruncate: 0,
    // Loaded by Node itself, as matrix-bot-sdk does: else there would be two copies, and what is
    // told to one the other would not know.
    server: { deps: { external: [/src\/overrides\//] } },
    // What brings up homeservers waits half of its time; more than two at once would only be slower
    // on two cores.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20 * SECOND_MS },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 120 * SECOND_MS,
          hookTimeout: 300 * SECOND_MS,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180 * SECOND_MS,
          hookTimeout: 300 * SECOND_MS,
        },
      },
    ],
  },
});
