import { describe, expect, it } from "vitest";
import { paragraph, strong } from "../../../../src/view/document/document.ts";
import {
  alert,
  editContent,
  fileContent,
  messageContent,
  notice,
} from "../../../../src/view/document/message.ts";
import { formatDuration, formatTime } from "../../../../src/view/document/time.ts";

describe("a message's content", () => {
  it("of a notice mentions nobody, and says so", () => {
    expect(messageContent(notice(paragraph("a ", strong("b"))), ["@me:x.org"])).toEqual({
      msgtype: "m.notice",
      body: "a b",
      format: "org.matrix.custom.html",
      formatted_body: "a <strong>b</strong>",
      "m.mentions": {},
    });
  });

  it("of an alert mentions the person that it is for", () => {
    expect(messageContent(alert(paragraph("a")), ["@me:x.org"])).toMatchObject({
      msgtype: "m.text",
      "m.mentions": { user_ids: ["@me:x.org"] },
    });
    expect(messageContent(alert(paragraph("a")), [])).toMatchObject({ "m.mentions": {} });
  });

  it("of a file has its name twice, its type and size, and mentions nobody", () => {
    expect(fileContent({ fileName: "a.csv", mimeType: "text/csv", bytes: Buffer.from("ä") })).toEqual({
      msgtype: "m.file",
      body: "a.csv",
      filename: "a.csv",
      info: { mimetype: "text/csv", size: 2 },
      "m.mentions": {},
    });
  });

  it("of an edited file needs no HTML", () => {
    expect(editContent({ body: "a", "m.mentions": {} }, "$e")).toEqual({
      body: "* a",
      "m.mentions": {},
      "m.new_content": { body: "a", "m.mentions": {} },
      "m.relates_to": { rel_type: "m.replace", event_id: "$e" },
    });
  });
});

describe("times", () => {
  it("a moment is shown in UTC", () => {
    expect(formatTime(Date.UTC(2026, 0, 31, 12, 5))).toBe("31 January 2026 at 12:05 UTC");
  });

  it.each([
    [0, "1 second"],
    [1, "1 second"],
    [1_001, "2 seconds"],
    [90_000, "90 seconds"],
    [90_001, "2 minutes"],
    [90 * 60_000, "90 minutes"],
    [90 * 60_000 + 1, "2 hours"],
  ])("%d ms are %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
