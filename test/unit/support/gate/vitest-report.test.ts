import { expect, it } from "vitest";

import { tallyOf } from "../../../support/gate/vitest-report.ts";

function report(...statuses: string[]): unknown {
  const assertionResults = statuses.map((status, index) => ({ fullName: `test ${String(index)}`, status }));
  return { testResults: [{ name: "a.test.ts", status: "passed", assertionResults }] };
}

it("counts what passed and what failed", () => {
  expect(tallyOf(report("passed", "passed", "failed"), 1)).toMatchObject({ passed: 2, failed: 1 });
});

it.each(["skipped", "pending", "todo", "disabled"])("counts a %s test as failed, and names it", (status) => {
  const tally = tallyOf(report("passed", status), 0);
  expect(tally).toMatchObject({ passed: 1, failed: 1 });
  expect(tally.problems).toEqual([`did not run (${status}): test 1 (a.test.ts)`]);
});

it("counts a file that could not be loaded as one failure", () => {
  const testResults = [
    { name: "b.test.ts", status: "failed", message: "Cannot find module\n at x", assertionResults: [] },
  ];
  expect(tallyOf({ testResults }, 1).problems).toEqual(["no test ran: b.test.ts: Cannot find module"]);
});

it("counts a run without any test, and one without a report, as failed", () => {
  expect(tallyOf({ testResults: [] }, 0)).toMatchObject({ passed: 0, failed: 1 });
  expect(tallyOf(null, 0)).toMatchObject({ passed: 0, failed: 1 });
});

it("counts a bad end after nothing but passed tests as one failure", () => {
  expect(tallyOf(report("passed"), 1)).toMatchObject({ passed: 1, failed: 1 });
});
