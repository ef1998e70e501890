// The whole gate: `npm test`. Its last line is "N passed, N failed". Its exit status is 1 if
// anything failed or a signal ended it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ended, runScript } from "./support/gate/run-script.ts";
import { withTemporaryFolder } from "./support/gate/temporary-folder.ts";
import { type Tally, tallyOf } from "./support/gate/vitest-report.ts";

interface Stage {
  readonly name: string;
  /** @param temporaryFolder is removed after the stage */
  run(temporaryFolder: string): Promise<Tally>;
}

/** A stage may be slow. It is ended when it prints nothing for this time. */
const STANDSTILL_MS = 10 * 60_000;

// The lanes run in parallel, the stages of a lane one after the other. Both lanes take about the
// same time. Tests with servers wait for them half of the time. Meanwhile the other lane has the
// processor.
const LANES: readonly (readonly Stage[])[] = [
  [testRun("test:e2e"), ...["lint:code", "format:check", "knip"].map(staticCheck)],
  [...["typecheck", "lint:layers"].map(staticCheck), testRun("test:unit"), testRun("test:integration")],
];

// A signal ends the running stages, which clean up. Then the gate ends.
const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ending.abort());

const startedAt = performance.now();
const tallies: Tally[] = [];
await Promise.all(LANES.map(runLane));

const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
// Once more at the end, because that is what CI keeps of a long output.
for (const problem of tallies.flatMap((tally) => tally.problems)) console.log(problem);
console.log(`all stages: ${seconds(performance.now() - startedAt)}`);
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed === 0 && !ending.signal.aborted ? 0 : 1;

async function runLane(stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) {
    if (ending.signal.aborted) return;
    tallies.push(await timed(stage));
  }
}

async function timed(stage: Stage): Promise<Tally> {
  const stageStartedAt = performance.now();
  const tally = await withTemporaryFolder((folder) => stage.run(folder));
  const time = seconds(performance.now() - stageStartedAt);
  console.log(`${stage.name}: ${String(tally.passed)} passed, ${String(tally.failed)} failed (${time})`);
  for (const problem of tally.problems) console.log(problem);
  return tally;
}

function staticCheck(script: string): Stage {
  return {
    name: script,
    run: async (temporaryFolder) => {
      const lines: string[] = [];
      const onLine = (line: string): unknown => lines.push(line);
      const { isSuccess, ending: how } = await run(script, [], { temporaryFolder, onLine });
      return isSuccess
        ? { passed: 1, failed: 0, problems: [] }
        : { passed: 0, failed: 1, problems: [...lines, how] };
    },
  };
}

function testRun(script: string): Stage {
  return {
    name: script,
    run: async (temporaryFolder) => {
      const reportPath = join(temporaryFolder, "report.json");
      const reporters = [
        "--reporter=config/live-reporter.ts",
        "--reporter=json",
        `--outputFile.json=${reportPath}`,
      ];
      const onLine = (line: string): void => console.log(`${script} | ${line}`);
      const ended = await run(script, reporters, { temporaryFolder, onLine });
      return tallyOf(await readReport(reportPath), ended);
    },
  };
}

function run(
  script: string,
  args: readonly string[],
  options: { readonly temporaryFolder: string; readonly onLine: (line: string) => void },
): Promise<Ended> {
  return runScript(script, args, { ...options, standstillMs: STANDSTILL_MS, signal: ending.signal });
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
