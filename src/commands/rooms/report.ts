import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import { numberedRooms } from "../../model/rooms-left.ts";
import type { RunOverview } from "../../service/run/overview.ts";
import { csvReport, jsonReport, markdownReport } from "../../view/rooms/report-files.ts";
import { noPlanYet, reportFile, reportMessage } from "../../view/rooms/report.ts";

const formats = ["text", "csv", "json", "md"] as const;

export const reportSpecification: CommandSpecification = {
  words: ["report"],
  summary: "lists every room that is not moved, with the people who can help",
  usage: "[--format text|csv|json|md]",
  details: [
    "`text` and `md` list the rooms that are not moved, grouped by reason. `csv` and `json` list every room.",
    "The report belongs to your last plan and includes what was done since. `!migrate plan` makes a new one.",
  ],
  example: "report --format csv",
  positionals: [],
  flags: { format: { kind: "choice", choices: formats } },
};

export function reportCommand({
  runs,
  prefix,
}: {
  runs: { overview: Pick<RunOverview, "lastPlan"> };
  prefix: string;
}): Command {
  return {
    specification: reportSpecification,
    async run({ flags }, conversation) {
      const plan = await runs.overview.lastPlan(conversation.sender);
      if (!plan) return conversation.say(noPlanYet(prefix));
      const { report, moreHelpers, via, number } = plan;
      const view = { report, moreHelpers, prefix };
      switch (flags["format"]) {
        case "csv":
          return conversation.say(
            reportFile(csvReport(report, via, `report-${number}.csv`), report.rooms.length),
          );
        case "json":
          return conversation.say(
            reportFile(jsonReport(report, `report-${number}.json`), report.rooms.length),
          );
        case "md":
          return conversation.say(
            reportFile(markdownReport(view, `report-${number}.md`), report.rooms.length),
          );
        default:
          return conversation.say(reportMessage(view), {
            key: "answer",
            numberedRooms: numberedRooms(report).map((room) => room.roomId),
          });
      }
    },
  };
}
