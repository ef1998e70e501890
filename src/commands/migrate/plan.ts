import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import { blockedRooms } from "../../model/rooms-left.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { Planning } from "../../service/plan/planning.ts";
import type { RunOverview } from "../../service/run/overview.ts";
import type { Plans } from "../../store/plans.ts";
import { aliasUnanswered, cannotDecide, oldServerAnswers } from "../../view/account/reading.ts";
import { planFile, planMessage } from "../../view/migrate/plan.ts";
import { jsonReport } from "../../view/rooms/report-files.ts";
import { filterDetails, filterFlags, filterUsage, readFilters } from "../filters.ts";
import { readingNote } from "../reading-note.ts";

export const migratePlanSpecification: CommandSpecification = {
  words: ["migrate", "plan"],
  summary: "reads both accounts and shows for every room how I will move it, or who can help",
  usage: `${filterUsage} [--json]`,
  details: [
    "I change nothing in either account.",
    "If nobody has signed in your old account and its server does not answer, I plan from the files that you gave me with `!import`.",
    ...filterDetails,
    "`--json` gives the plan as a file.",
  ],
  example: "migrate plan --no-direct --active 1y",
  positionals: [],
  flags: { ...filterFlags, json: { kind: "boolean" } },
};

export function migratePlanCommand({
  accounts,
  planning,
  runs,
  plans,
  now,
  prefix,
}: {
  accounts: Pick<PeoplesAccounts, "of">;
  planning: Pick<Planning, "plan">;
  runs: { overview: Pick<RunOverview, "isWatched"> };
  plans: Pick<Plans, "numberedRoomIds">;
  now: () => number;
  prefix: string;
}): Command {
  return {
    specification: migratePlanSpecification,
    async run(values, conversation) {
      const owner = conversation.sender;
      const filters = readFilters(values, { shownRooms: await plans.numberedRoomIds(owner), now: now() });
      const result = await withProgressNote(conversation, await readingNote(owner, accounts), (onProgress) =>
        planning.plan({ owner, filters, botRoomIds: conversation.botRoomIds, onProgress }),
      );
      switch (result.status) {
        case "not_signed_in":
        case "not_read":
          return conversation.say(cannotDecide(result, prefix), { key: "answer" });
        case "old_server_answers":
          return conversation.say(oldServerAnswers(result, prefix), { key: "answer" });
        case "unanswered_alias":
          return conversation.say(aliasUnanswered(result.alias), { key: "answer" });
        case "planned": {
          const { plan } = result;
          if (values.flags["json"] === true) {
            const file = jsonReport(plan.report, `plan-${plan.number}.json`);
            return conversation.say(planFile(plan, file), { key: "answer" });
          }
          const isWatched = await runs.overview.isWatched(owner, plan.report);
          return conversation.say(planMessage(plan, { prefix, isWatched }), {
            key: "answer",
            numberedRooms: blockedRooms(plan.report).map((room) => room.roomId),
          });
        }
      }
    },
  };
}
