import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { type RunOptions, runProgram } from "../../../support/gate/run-script.ts";

const LONG_MS = 60_000;
/** The grandchild ignores SIGTERM and writes its process ID into a file. */
const GRANDCHILD = `
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
  const { renameSync, writeFileSync } = require("node:fs");
  writeFileSync(process.argv[1] + ".new", String(process.pid));
  renameSync(process.argv[1] + ".new", process.argv[1]);
  console.log("grandchild runs");
`;
const SPAWN_GRANDCHILD = `
  const { spawn } = require("node:child_process");
  const { existsSync } = require("node:fs");
  spawn(process.execPath, ["-e", process.argv[2], process.argv[1]], { stdio: "inherit" });
`;

const AFTER_GRANDCHILD = "setInterval(() => existsSync(process.argv[1]) && process.exit(0), 50);";
const FOR_EVER = "setInterval(() => {}, 1_000);";

const folder = mkdtempSync(join(tmpdir(), "run-script-"));
afterEach(() => vi.useRealTimers());
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  { name: "ends with status 0", code: "", isSuccess: true, ending: "exit status 0" },
  { name: "ends with status 3", code: "process.exit(3)", isSuccess: false, ending: "exit status 3" },
  {
    name: "is killed",
    code: "process.kill(process.pid, 'SIGKILL')",
    isSuccess: false,
    ending: "ended by SIGKILL",
  },
])("says how a program ended that $name", async ({ code, isSuccess, ending }) => {
  const ended = await runProgram(["-e", code], options());
  expect(ended).toEqual({ isSuccess, ending });
});

it("passes on each line of both streams", async () => {
  const lines: string[] = [];
  const code = "console.log('out'); console.error('error'); process.stdout.write('no line end')";
  await runProgram(
    ["-e", code],
    options((line) => lines.push(line)),
  );
  expect(lines.sort()).toEqual(["error", "no line end", "out"]);
});

it("ends a program that prints nothing any more, and what it started", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const run = startWithGrandchild("standstill", FOR_EVER, () => vi.advanceTimersByTime(LONG_MS));
  expect((await run.ended).ending).toBe("ended because it printed nothing for 60 s");
  await hasEnded(run.grandchild());
});

it("leaves a slow program alone as long as it prints", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const onLine = (): unknown => vi.advanceTimersByTime(0.9 * LONG_MS);
  const code = "for (const line of [1, 2, 3, 4]) console.log(line)";
  const ended = await runProgram(["-e", code], options(onLine));
  expect(ended.ending).toBe("exit status 0");
});

it("leaves nothing behind of a program that ends by itself", async () => {
  const run = startWithGrandchild("end", AFTER_GRANDCHILD);
  expect((await run.ended).ending).toBe("exit status 0");
  await hasEnded(run.grandchild());
});

it("ends what runs, and what that started, when the gate is ended", async () => {
  const gate = new AbortController();
  const run = startWithGrandchild("all", FOR_EVER, () => gate.abort(), gate.signal);
  expect(await run.ended).toEqual({ isSuccess: false, ending: "ended with the gate" });
  await hasEnded(run.grandchild());
});

it("ends a program that was only starting when the gate was ended", async () => {
  const ended = await runProgram(
    ["-e", FOR_EVER],
    options(() => {}, AbortSignal.abort()),
  );
  expect(ended).toEqual({ isSuccess: false, ending: "ended with the gate" });
});

it("gives a program the folder for its temporary files", async () => {
  const lines: string[] = [];
  const code = "console.log(require('node:os').tmpdir())";
  await runProgram(
    ["-e", code],
    options((line) => lines.push(line)),
  );
  expect(lines).toEqual([folder]);
});

function options(
  onLine: (line: string) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): RunOptions {
  return { standstillMs: LONG_MS, temporaryFolder: folder, onLine, signal };
}

/** @param onLine is called when the grandchild runs */
function startWithGrandchild(
  name: string,
  then: string,
  onLine?: () => void,
  signal?: AbortSignal,
): { ended: ReturnType<typeof runProgram>; grandchild: () => number } {
  const file = join(folder, name);
  const ended = runProgram(["-e", `${SPAWN_GRANDCHILD}${then}`, file, GRANDCHILD], options(onLine, signal));
  return { ended, grandchild: () => Number(readFileSync(file, "utf8")) };
}

/** The system may need a moment to clear away a process that was killed. */
async function hasEnded(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(1);
  await expect.poll(() => isRunning(pid)).toBe(false);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
