import { relative } from "node:path";
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

/** A test that takes longer gets a line of its own. */
const SLOW_MS = 1_000;

/**
 * The reporter of the gate. It prints why a test failed at the moment the test fails: file, name,
 * message, difference and stack. It prints a line for each slow test and for each file that has
 * ended, so that the output shows that the run moves.
 */
export default class LiveReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestCaseResult(test: TestCase): void {
    const durationMs = test.diagnostic()?.duration ?? 0;
    if (test.result().state === "failed") this.#printFailure(test);
    else if (durationMs > SLOW_MS) print(`  ${seconds(durationMs)} ${nameOf(test)}`);
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) this.#printFailure(suite);
  }

  onTestModuleEnd(file: TestModule): void {
    // A file that could not be loaded, or whose beforeAll or afterAll failed.
    if (file.errors().length > 0) this.#printFailure(file);
    const tests = [...file.children.allTests()];
    const passed = tests.filter((test) => test.result().state === "passed").length;
    const { duration, setupDuration, collectDuration } = file.diagnostic();
    print(
      `${file.ok() ? "ok" : "FAILED"} ${nameOf(file)}: ${passed} of ${tests.length} passed (${seconds(duration + setupDuration + collectDuration)})`,
    );
  }

  onTestRunEnd(_files: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    for (const error of unhandledErrors) {
      print("FAILED outside of every test:");
      this.#vitest?.logger.printError(error);
    }
  }

  #printFailure(failed: TestCase | TestSuite | TestModule): void {
    print(`FAILED ${nameOf(failed)}`);
    const errors = failed.type === "test" ? (failed.result().errors ?? []) : failed.errors();
    for (const error of errors) this.#vitest?.logger.printError(error, { project: failed.project });
  }
}

function nameOf(task: TestCase | TestSuite | TestModule): string {
  const file = relative(process.cwd(), task.type === "module" ? task.moduleId : task.module.moduleId);
  return task.type === "module" ? file : `${file} > ${task.fullName}`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
