import { stringify } from "csv-stringify/sync";
import type { Report } from "../../model/report.ts";
import type { Block, Inline } from "../document/document.ts";
import { matrixToRoom } from "../document/matrix-to.ts";
import type { Attachment } from "../document/message.ts";
import { exportedReport, exportedRoom } from "./exported-report.ts";
import { CSV_COLUMNS, csvCells } from "./report-csv.ts";
import type { ReportView } from "./report.ts";
import { reportDocument } from "./report.ts";

/** The report as JSON, schema 1. */
export function jsonReport(report: Report, fileName: string): Attachment {
  return {
    fileName,
    mimeType: "application/json",
    bytes: Buffer.from(`${JSON.stringify(exportedReport(report), null, 2)}\n`),
  };
}

/**
 * The report as CSV, a line a room.
 * @param via servers through which each room is joined, for its link
 */
export function csvReport(
  report: Report,
  via: ReadonlyMap<string, readonly string[]>,
  fileName: string,
): Attachment {
  const rows = report.rooms.map((room) =>
    csvCells(
      exportedRoom(room, report),
      matrixToRoom(room.alias ?? room.roomId, room.alias === null ? (via.get(room.roomId) ?? []) : []),
    ),
  );
  return {
    fileName,
    mimeType: "text/csv",
    bytes: Buffer.from(stringify([[...CSV_COLUMNS], ...rows], { record_delimiter: "windows" })),
  };
}

/** The report as Markdown. */
export function markdownReport(view: ReportView, fileName: string): Attachment {
  const { source, target, generatedAt } = view.report;
  const head = `# From ${source} to ${target}\n\nMade at ${generatedAt}.`;
  const text = [head, ...reportDocument(view).map(markdownBlock)].join("\n\n");
  return { fileName, mimeType: "text/markdown", bytes: Buffer.from(`${text}\n`) };
}

function markdownBlock(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return markdownInlines(block.children);
    case "quote":
      return `> ${markdownInlines(block.children)}`;
    case "codeBlock":
    case "verbatim":
      return `\`\`\`\n${block.text}\n\`\`\``;
    case "list":
      return block.items
        .map(
          (item, index) => `${block.isNumbered ? `${block.start + index}.` : "-"} ${markdownInlines(item)}`,
        )
        .join("\n");
  }
}

function markdownInlines(children: readonly Inline[]): string {
  return children.map(markdownInline).join("");
}

function markdownInline(part: Inline): string {
  if (typeof part === "string") return escapeMarkdown(part);
  switch (part.kind) {
    case "strong":
      return `**${markdownInlines(part.children)}**`;
    case "group":
      return markdownInlines(part.children);
    case "code":
      return `\`${part.text.replaceAll("`", "'")}\``;
    case "link":
      return `[${escapeMarkdown(part.text)}](${part.url})`;
    case "room": {
      const link = `[${escapeMarkdown(part.name)}](${part.url})`;
      return part.id === "" ? link : `${link} \`${part.id.replaceAll("`", "'")}\``;
    }
    case "person":
      return `\`${part.userId.replaceAll("`", "'")}\``;
  }
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#|~]/gu, "\\$&");
}
