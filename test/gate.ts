// The whole gate: `npm test`. It closes with a line "N passed, N failed", and with exit status 1 if
// anything failed.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { endAll, runScript } from "./support/gate/run-script.ts";
import { type Tally, tallyOf } from "./support/gate/vitest-report.ts";

interface Stage {
  readonly name: string;
  run(): Promise<Tally>;
}

/** A stage may be slow. It is ended when it prints nothing for so long. */
const STANDSTILL_MS = 10 * 60_000;

// The lanes run side by side, the stages of a lane one after the other. The tests end to end take
// longest and wait for servers half of their time, in which the other lane has the processor.
const LANES: readonly (readonly Stage[])[] = [
  [testRun("test:e2e")],
  [
    ...["typecheck", "lint:layers", "lint:code", "format:check", "knip"].map(staticCheck),
    testRun("test:unit"),
    testRun("test:integration"),
  ],
];

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => void endAll().finally(() => process.exit(1)));

const startedAt = performance.now();
const tallies: Tally[] = [];
await Promise.all(LANES.map(runLane));

const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
console.log(`\nall stages: ${seconds(performance.now() - startedAt)}`);
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runLane(stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) tallies.push(await timed(stage));
}

async function timed(stage: Stage): Promise<Tally> {
  const stageStartedAt = performance.now();
  const tally = await stage.run();
  const time = seconds(performance.now() - stageStartedAt);
  console.log(`${stage.name}: ${String(tally.passed)} passed, ${String(tally.failed)} failed (${time})`);
  for (const problem of tally.problems) console.log(`  ${problem}`);
  return tally;
}

function staticCheck(script: string): Stage {
  return {
    name: script,
    run: async () => {
      const lines: string[] = [];
      const onLine = (line: string): unknown => lines.push(line);
      const { isSuccess, ending } = await runScript(script, [], { standstillMs: STANDSTILL_MS, onLine });
      return isSuccess
        ? { passed: 1, failed: 0, problems: [] }
        : { passed: 0, failed: 1, problems: [...lines, ending] };
    },
  };
}

function testRun(script: string): Stage {
  return {
    name: script,
    run: async () => {
      const folder = await mkdtemp(join(tmpdir(), "gate-"));
      try {
        const reportPath = join(folder, "report.json");
        const reporters = [
          "--reporter=config/live-reporter.ts",
          "--reporter=json",
          `--outputFile.json=${reportPath}`,
        ];
        const onLine = (line: string): void => console.log(`${script} | ${line}`);
        const ended = await runScript(script, reporters, { standstillMs: STANDSTILL_MS, onLine });
        return tallyOf(await readReport(reportPath), ended);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function readReport(path: string): Promise<unknown> {
  try {
    const report: unknown = JSON.parse(await readFile(path, "utf8"));
    return report;
  } catch {
    // tallyOf says what a missing or broken report means.
    return null;
  }
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
