import type { Command, Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import { MAX_IMPORT_BYTES } from "../../platforms/files.ts";
import type { FileExportRequest, FileExportResult, FileExports } from "../../service/files/export.ts";
import type { StoredPlan } from "../../service/plan/stored-plan.ts";
import { cannotDecide } from "../../view/account/reading.ts";
import type { Attachment, Message } from "../../view/document/message.ts";
import type { RoomsFormat } from "../../view/files/export-files.ts";
import { dataAttachment, roomsAttachments } from "../../view/files/export-files.ts";
import {
  dataExported,
  exportTooLarge,
  onlyJson,
  readingForExport,
  roomsExported,
} from "../../view/files/export.ts";
import { csvReport, jsonReport, markdownReport } from "../../view/rooms/report-files.ts";
import { noPlanYet, reportFile } from "../../view/rooms/report.ts";

const FORMATS = ["json", "csv", "md"] as const satisfies readonly RoomsFormat[];

export const exportSpecification: CommandSpecification = {
  words: ["export"],
  summary: "gives you files to keep: your rooms and people, your last plan, or your settings",
  usage: "rooms|plan|data [--format json|csv|md]",
  details: [
    "`rooms` needs only your old account. It lists every room with what is needed to come back into it without that account: links, aliases, servers, and the people who can let you in. Keep it outside your old server. If that server is ever gone, `!import` moves you from the file.",
    "`data` has the settings that a move copies: direct chats, ignored people, notification rules, tags and the profile. It is always JSON. No key, password or token is in any file.",
    "`plan` is the report of your last plan, as `!report` gives it.",
    "`--format` is `json` for a program and for `!import`, `csv` for a spreadsheet, `md` to read. Without it I write JSON.",
  ],
  example: "export rooms --format csv",
  positionals: [{ name: "what", kind: "choice", choices: ["rooms", "plan", "data"] }],
  flags: { format: { kind: "choice", choices: FORMATS } },
};

interface ExportServices {
  fileExports: Pick<FileExports, "rooms" | "data">;
  runs: {
    overview: {
      lastPlan(owner: string): Promise<Pick<StoredPlan, "report" | "moreHelpers" | "via" | "number"> | null>;
    };
  };
  /** The largest file that the bot's server takes, in bytes. */
  uploadLimit: () => Promise<number>;
  prefix: string;
}

export function exportCommand(services: ExportServices): Command {
  return {
    specification: exportSpecification,
    async run({ positionals, flags }, conversation) {
      const format = FORMATS.find((one) => one === flags["format"]) ?? "json";
      const [what] = positionals["what"] ?? [];
      const answer = await answerTo(what, format, conversation, services);
      await conversation.say(answer, { key: "answer" });
    },
  };
}

function answerTo(
  what: string | undefined,
  format: RoomsFormat,
  conversation: Conversation,
  services: ExportServices,
): Promise<Message> {
  if (what === "plan") return planAnswer(format, conversation, services);
  return what === "data"
    ? dataAnswer(format, conversation, services)
    : roomsAnswer(format, conversation, services);
}

async function planAnswer(
  format: RoomsFormat,
  { sender }: Conversation,
  { runs, uploadLimit, prefix }: ExportServices,
): Promise<Message> {
  const plan = await runs.overview.lastPlan(sender);
  if (!plan) return noPlanYet(prefix);
  const { report, moreHelpers, via, number } = plan;
  const name = `plan-${number}.${format}`;
  const file =
    format === "csv"
      ? csvReport(report, via, name)
      : format === "md"
        ? markdownReport({ report, moreHelpers, prefix }, name)
        : jsonReport(report, name);
  return ifSendable([file], await uploadLimit(), () => reportFile(file, report.rooms.length));
}

async function roomsAnswer(
  format: RoomsFormat,
  conversation: Conversation,
  services: ExportServices,
): Promise<Message> {
  const { fileExports, uploadLimit, prefix } = services;
  const read = await reading(conversation, (request) => fileExports.rooms(request));
  if (read.status !== "read") return cannotDecide(read, prefix, "This file");
  const maxBytes = await uploadLimit();
  const attachments = roomsAttachments(read.file, format, Math.min(maxBytes, MAX_IMPORT_BYTES));
  return ifSendable(attachments, maxBytes, () =>
    roomsExported(read.file, attachments, { roomKind: conversation.roomKind, prefix }),
  );
}

async function dataAnswer(
  format: RoomsFormat,
  conversation: Conversation,
  services: ExportServices,
): Promise<Message> {
  const { fileExports, uploadLimit, prefix } = services;
  if (format !== "json") return onlyJson(prefix);
  const read = await reading(conversation, (request) => fileExports.data(request));
  if (read.status !== "read") return cannotDecide(read, prefix, "This file");
  const attachment = dataAttachment(read.file);
  return ifSendable([attachment], await uploadLimit(), () =>
    dataExported(read.file, attachment, { roomKind: conversation.roomKind, prefix }),
  );
}

/** Nothing is sent if the bot's server does not take all of it. */
function ifSendable(attachments: readonly Attachment[], maxBytes: number, message: () => Message): Message {
  return attachments.some(({ bytes }) => bytes.length > maxBytes) ? exportTooLarge(maxBytes) : message();
}

function reading<File>(
  conversation: Conversation,
  work: (request: FileExportRequest) => Promise<FileExportResult<File>>,
): Promise<FileExportResult<File>> {
  const { sender: owner, botRoomIds } = conversation;
  return withProgressNote(conversation, readingForExport(), (onProgress) =>
    work({ owner, botRoomIds, onProgress }),
  );
}
