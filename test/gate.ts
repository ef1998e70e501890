// The whole gate: `npm test`. Closes with a line "N passed, N failed" and exit status 1 if anything
// failed.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { endAll, runScript } from "./support/gate/run-script.ts";
import { type Tally, tallyOf } from "./support/gate/vitest-report.ts";

interface Stage {
  readonly name: string;
  run(): Promise<Tally>;
}

const MINUTE_MS = 60_000;
const STATIC_LIMIT_MS = 5 * MINUTE_MS;
const TESTS_LIMIT_MS = 20 * MINUTE_MS;

const STATIC_CHECKS = ["typecheck", "lint:code", "lint:layers", "format:check", "knip"].map(staticCheck);

const TEST_RUNS = ["test:unit", "test:integration", "test:e2e"].map(testRun);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    endAll();
    process.exit(1);
  });
}

const startedAt = performance.now();
const tallies: Tally[] = [];
await inTwoLanes(STATIC_CHECKS);
for (const stage of TEST_RUNS) tallies.push(await timed(stage));

const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
console.log(`\nall stages: ${seconds(performance.now() - startedAt)}`);
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed === 0 ? 0 : 1;

// Two at a time: the checks that read the whole program with the compiler keep a core busy each.
async function inTwoLanes(stages: readonly Stage[]): Promise<void> {
  const waiting = [...stages];
  const lane = async (): Promise<void> => {
    for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift())
      tallies.push(await timed(stage));
  };
  await Promise.all([lane(), lane()]);
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
      const { status, output } = await runScript(script, [], { limitMs: STATIC_LIMIT_MS });
      return status === 0
        ? { passed: 1, failed: 0, problems: [] }
        : { passed: 0, failed: 1, problems: output.trimEnd().split("\n") };
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
        const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
        const { status } = await runScript(script, reporters, { limitMs: TESTS_LIMIT_MS, isShown: true });
        return tallyOf(await readReport(reportPath), status ?? 1);
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
    // tallyOf tells what a missing or broken report means.
    return null;
  }
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
