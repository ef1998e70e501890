import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { exportedReportSchema } from "../../src/view/rooms/exported-report.ts";
import type { SeenMessage } from "../lab/person/person.ts";
import type { DemoEnvironment } from "./environment.ts";

/** Timeout of an answer that reads two accounts on a slow and busy machine. */
export const ANSWER_TIMEOUT_MS = 120_000;

const REPORT = /^report-\d+\.json$/u;

/** Requests the report of the last plan as a file, and reads it. */
export async function reportNow({
  person,
  chatId,
  botUserId,
}: Pick<DemoEnvironment, "person" | "chatId" | "botUserId">): Promise<ExportedReport> {
  const after = await person.say(chatId, "!report --format json");
  const isReport = ({ content }: SeenMessage): boolean => REPORT.test(String(content["filename"]));
  const file = await person.waitForMessage(chatId, isReport, {
    from: botUserId,
    after,
    timeoutMs: ANSWER_TIMEOUT_MS,
  });
  return exportedReportSchema.parse(JSON.parse((await person.downloadFile(file)).toString()));
}
