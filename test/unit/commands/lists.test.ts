import { describe, expect, it } from "vitest";
import { migratePlanCommand } from "../../../src/commands/migrate/plan.ts";
import { specifications } from "../../../src/commands/registry.ts";
import { parseMessage } from "../../../src/grammar/parse.ts";
import type { ReportRoom } from "../../../src/model/report.ts";
import { estimateTime } from "../../../src/platforms/matrix/planning/time-estimate.ts";
import type { ShownPlan } from "../../../src/service/plan/results.ts";
import { noAccounts } from "../../support/fakes/command-services.ts";
import { reportOf, rooms } from "../../support/fakes/move-samples.ts";
import { FakeConversation } from "./fake-conversation.ts";

function parse(line: string) {
  return parseMessage(
    { body: line, formattedBody: null },
    { prefix: "!", userId: "@mover:x.org", displayName: null },
    specifications,
  );
}

/** The numbered list in the answer to a command; `undefined` if it shows none. */
async function listIn(line: string, planned: readonly ReportRoom[]): Promise<readonly string[] | undefined> {
  const plans = { numberedRoomIds: async () => [] };
  const plan: ShownPlan = {
    ...{
      number: 1,
      report: reportOf([...planned]),
      moreHelpers: new Map(),
      via: new Map(),
      notMoved: [],
      unseen: [],
      isSpreading: false,
      unknownRooms: [],
    },
    ...{
      isInviteBlocked: false,
      bannedRooms: 0,
      byFiles: null,
      sinceFiles: null,
      before: null,
      work: { canBegin: true, categories: [] },
    },
    estimate: estimateTime(
      { invitations: 0, joinsNewToServer: 0, otherJoins: 0, sourceWrites: 0, targetWrites: 0 },
      false,
    ),
  };
  const planning = { plan: async () => ({ status: "planned", plan }) as const };
  const runs = { overview: { isWatched: async () => false } };
  const parsed = parse(line);
  if (parsed.kind !== "command") throw new Error(`no command: ${line}`);
  const conversation = new FakeConversation();
  await migratePlanCommand({ accounts: noAccounts, planning, runs, plans, now: () => 0, prefix: "!" }).run(
    parsed.values,
    conversation,
  );
  return conversation.said.at(-1)?.options?.numberedRooms;
}

describe("a number of the last list shown", () => {
  it("counts in a plan's list where the plan shows one", async () => {
    const stuck = rooms(2);
    expect(await listIn("!migrate plan", stuck)).toEqual(stuck.map(({ roomId }) => roomId));
    expect(await listIn("!migrate plan --json", stuck)).toBeUndefined();
    expect(await listIn("!migrate plan", [])).toEqual([]);
  });
});

describe("the filters of a plan", () => {
  it.each(["migrate plan", "rooms", "invite-all", "join-all"])("are those of !%s", (words) => {
    const line = `!${words} --only #1 --only #2 --exclude !x:y --space #s:y --server y --no-direct --active 1y --categories rooms,tags`;
    expect(parse(line)).toMatchObject({
      kind: "command",
      values: {
        lists: { only: ["#1", "#2"], exclude: ["!x:y"], categories: ["rooms", "tags"] },
        flags: { "no-direct": true },
      },
    });
    expect(parse(`!${words} --direct`)).toMatchObject({ kind: "command" });
  });
});
