import { relative } from "node:path";
import { z } from "zod";

/** What one stage of the gate found; `problems` are printed, one line each. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly problems: readonly string[];
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/**
 * Counts the tests in vitest's JSON report (null: it wrote none). Every test that did not run
 * counts as failed and is named, as are a file that could not be loaded and a run that ends with a
 * status other than 0 though each of its tests passed (an unhandled error, a left-over `only`).
 */
export function tallyOf(report: unknown, exitStatus: number): Tally {
  const parsed = reportSchema.safeParse(report);
  if (!parsed.success)
    return { passed: 0, failed: 1, problems: [`no report was written (exit status ${String(exitStatus)})`] };
  const files = parsed.data.testResults.map((file) => ({
    ...file,
    name: relative(process.cwd(), file.name),
  }));
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  const passed = tests.filter((test) => test.status === "passed").length;
  const problems = [
    ...tests
      .filter((test) => test.status !== "passed")
      .map((test) => `${wordFor(test.status)}: ${test.fullName} (${test.file})`),
    ...files
      .filter((file) => file.assertionResults.length === 0)
      .map((file) => `no test ran: ${file.name}${firstLine(file.message)}`),
  ];
  if (tests.length === 0 && problems.length === 0) problems.push("no test was found");
  if (problems.length === 0 && exitStatus !== 0)
    problems.push(`every test passed, yet the run ended with status ${String(exitStatus)}`);
  return { passed, failed: problems.length, problems };
}

function wordFor(status: string): string {
  return status === "failed" ? "failed" : `did not run (${status})`;
}

function firstLine(message: string | undefined): string {
  const line = message?.split("\n")[0] ?? "";
  return line === "" ? "" : `: ${line}`;
}
