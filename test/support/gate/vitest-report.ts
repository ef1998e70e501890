import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import type { Ended } from "./run-script.ts";

/** The result of one stage of the gate. Each of `problems` is printed, some have several lines. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly problems: readonly string[];
}

/** Of the message of a failed test, which ends with its stack. */
const MAX_MESSAGE_LINES = 12;
const MAX_LINE_LENGTH = 200;

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/**
 * Counts the tests in vitest's JSON report (null: it wrote none). These count as failed, and are
 * named:
 * - a test that did not run;
 * - a file that could not be loaded;
 * - a run that did not end well though each of its tests passed (an unhandled error, a left-over
 *   `only`).
 */
export function tallyOf(report: unknown, { isSuccess, ending }: Ended): Tally {
  const parsed = reportSchema.safeParse(report);
  if (!parsed.success) return { passed: 0, failed: 1, problems: [`no report was written (${ending})`] };
  const files = parsed.data.testResults.map((file) => ({
    ...file,
    name: relative(process.cwd(), file.name),
  }));
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  const passed = tests.filter((test) => test.status === "passed").length;
  const problems = [
    ...tests
      .filter((test) => test.status !== "passed")
      .map((test) =>
        [
          `${wordFor(test.status)}: ${test.fullName} (${test.file})`,
          ...(test.failureMessages ?? []).flatMap(shortened),
        ].join("\n"),
      ),
    ...files
      .filter((file) => file.assertionResults.length === 0)
      .map((file) => `no test ran: ${file.name}${firstLine(file.message)}`),
  ];
  if (tests.length === 0 && problems.length === 0) problems.push("no test was found");
  if (problems.length === 0 && !isSuccess) problems.push(`every test passed, but the run failed: ${ending}`);
  return { passed, failed: problems.length, problems };
}

function wordFor(status: string): string {
  return status === "failed" ? "failed" : `did not run (${status})`;
}

function shortened(message: string): string[] {
  const lines = stripVTControlCharacters(message).split("\n");
  return lines.slice(0, MAX_MESSAGE_LINES).map((line) => `    ${line.slice(0, MAX_LINE_LENGTH)}`);
}

function firstLine(message: string | undefined): string {
  const line = message?.split("\n")[0] ?? "";
  return line === "" ? "" : `: ${line}`;
}
