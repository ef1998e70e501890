import { describe, expect, it } from "vitest";
import type { FileFindings } from "../../../../src/model/room-file.ts";
import type { FileImported, FileImportResult } from "../../../../src/service/files/import.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { fileImportAnswer, readingFile } from "../../../../src/view/files/import.ts";
import { EVIL, EVIL_USER, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const FORMATS = ["rooms", "rooms_csv", "data", "report", "yaml", "text"] as const;

const nothing: FileFindings = {
  ...{ format: "rooms", account: EVIL_USER, writtenAt: null, rooms: [], contacts: [], data: null },
  notUnderstood: { first: [], total: 0 },
};
const settings = { accountData: {}, pushRules: {}, tags: {}, profile: {}, roomAccountData: {} };

function imported(findings: Partial<FileFindings> = {}, more: Partial<FileImported> = {}): FileImported {
  return {
    ...{ status: "imported", userId: EVIL_USER, findings: { ...nothing, ...findings } },
    ...{ newRooms: 0, knownRooms: 0 },
    ...{ isOldServerAnswering: false, isOldSignedIn: false, isNewSignedIn: false },
    ...more,
  };
}

const unread = { first: [{ line: 1_234, text: EVIL }], total: 11 };

const results: FileImportResult[] = [
  { status: "switched_off" },
  { status: "cleared", erased: null },
  { status: "cleared", erased: { userId: EVIL_USER, rooms: 1 } },
  { status: "cleared", erased: null, isSwitchedOff: true },
  { status: "in_use" },
  { status: "no_file", isReply: true },
  { status: "no_file", isReply: false },
  ...(["too_large", "gone", "damaged", "unreachable"] as const).map(
    (reason) => ({ status: "not_downloaded", reason }) as const,
  ),
  ...(["too_large", "too_deep", "not_text", "empty", "newer_schema", "unreadable"] as const).map(
    (mistake) => ({ status: "refused", mistake }) as const,
  ),
  { status: "no_user_id", typed: EVIL },
  { status: "account_needed", rooms: 2 },
  { status: "contradicts_file", typed: EVIL_USER, inFile: EVIL_USER },
  { status: "is_new_account", userId: EVIL_USER },
  { status: "other_signed_in", userId: EVIL_USER, signedIn: EVIL_USER },
  { status: "other_account", userId: EVIL_USER, kept: EVIL_USER },
  imported({ data: settings }),
  imported({ notUnderstood: unread }, { isOldServerAnswering: true }),
  imported({ writtenAt: 0 }, { isOldSignedIn: true }),
  imported({}, { isNewSignedIn: true, knownRooms: 2 }),
  imported({}, { isNewSignedIn: true, move: "under_way" }),
  imported({}, { isNewSignedIn: true, move: "watching" }),
];

const text = (result: FileImportResult): string => renderPlainText(fileImportAnswer(result, "!").document);

describe("the answers to an import", () => {
  keepsTheRulesOfMessages([
    { name: "while it is read", message: readingFile() },
    ...results.map((result, index) => ({
      name: `${result.status} ${index}`,
      message: fileImportAnswer(result, "!"),
    })),
  ]);

  it("names what the file has, and not the rooms of a file of settings", () => {
    expect(text(imported())).toContain("- 0 rooms");
    expect(text(imported({ data: settings }))).not.toContain("rooms");
  });

  it.each(FORMATS)("counts what was not understood by the words of its format: %s", (format) => {
    const place = {
      rooms: "item",
      data: "item",
      yaml: "item",
      rooms_csv: "row",
      report: "row",
      text: "line",
    };
    const said = text(imported({ format, notUnderstood: unread }));
    expect(said).toContain(`11 ${place[format]}s have something like an ID that is none:`);
    expect(said).toContain(`- ${place[format]} 1,234: `);
    expect(said).toContain("and 10 more.");
  });
});
