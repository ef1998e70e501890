import { expect, it } from "vitest";
import type { Ended } from "../../../support/gate/run-script.ts";
import { tallyOf } from "../../../support/gate/vitest-report.ts";

const WELL: Ended = { isSuccess: true, ending: "exit status 0" };
const BADLY: Ended = { isSuccess: false, ending: "exit status 1" };

function report(...statuses: string[]): unknown {
  const assertionResults = statuses.map((status, index) => ({ fullName: `test ${String(index)}`, status }));
  return { testResults: [{ name: "a.test.ts", status: "passed", assertionResults }] };
}

it("counts what passed and what failed", () => {
  expect(tallyOf(report("passed", "passed", "failed"), BADLY)).toMatchObject({ passed: 2, failed: 1 });
});

it.each(["skipped", "pending", "todo", "disabled"])("counts a %s test as failed, and names it", (status) => {
  const tally = tallyOf(report("passed", status), WELL);
  expect(tally).toMatchObject({ passed: 1, failed: 1 });
  expect(tally.problems).toEqual([`did not run (${status}): test 1 (a.test.ts)`]);
});

it("tells why a test failed, in a few lines without colours", () => {
  const message = `AssertionError: \u001B[31mexpected\u001B[39m 1\n${"at x\n".repeat(40)}`;
  const assertionResults = [{ fullName: "adds", status: "failed", failureMessages: [message] }];
  const testResults = [{ name: "c.test.ts", status: "failed", assertionResults }];

  const [problem = ""] = tallyOf({ testResults }, BADLY).problems;

  expect(problem).toMatch(/^failed: adds \(c\.test\.ts\)\n {4}AssertionError: expected 1\n/u);
  expect(problem.split("\n")).toHaveLength(13);
});

it("counts a file that could not be loaded as one failure", () => {
  const testResults = [
    { name: "b.test.ts", status: "failed", message: "Cannot find module\n at x", assertionResults: [] },
  ];
  expect(tallyOf({ testResults }, BADLY).problems).toEqual(["no test ran: b.test.ts: Cannot find module"]);
});

it("counts a run without any test, and one without a report, as failed", () => {
  expect(tallyOf({ testResults: [] }, WELL)).toMatchObject({ passed: 0, failed: 1 });
  expect(tallyOf(null, WELL)).toMatchObject({ passed: 0, failed: 1 });
});

it("counts a bad end after nothing but passed tests as one failure", () => {
  expect(tallyOf(report("passed"), BADLY)).toMatchObject({ passed: 1, failed: 1 });
});
