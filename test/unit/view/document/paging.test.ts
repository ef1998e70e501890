import { describe, expect, it } from "vitest";
import type { Document } from "../../../../src/view/document/document.ts";
import {
  code,
  codeBlock,
  list,
  numberedList,
  paragraph,
  quote,
  strong,
  verbatim,
} from "../../../../src/view/document/document.ts";
import type { Attachment, Message } from "../../../../src/view/document/message.ts";
import { alert, editContent, messageContent, notice } from "../../../../src/view/document/message.ts";
import { maxMessageBytes, paginate } from "../../../../src/view/document/paging.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";

const file: Attachment = { fileName: "report.csv", mimeType: "text/csv", bytes: Buffer.from("a,b") };

function sizeOf(message: Message): number {
  const { body, formatted_body: html } = messageContent(message, []);
  return Buffer.byteLength(body) + Buffer.byteLength(html);
}

/** The visible characters, without the markers of lists, quotes and code. */
function letters(document: Document): string {
  return renderPlainText(document)
    .replace(/^(?:- |> | {4}|\d+\. )/gmu, "")
    .replace(/\s/gu, "");
}

function words(count: number, word = "word"): string {
  return Array.from({ length: count }, (_, index) => `${word}${index}`).join(" ");
}

const long: [string, Document][] = [
  ["many paragraphs", Array.from({ length: 40 }, (_, index) => paragraph(words(60, `p${index}-`)))],
  [
    "a long list",
    [
      paragraph("first"),
      list(Array.from({ length: 400 }, (_, index) => [strong(`item ${index}`), " ", code("#x")])),
    ],
  ],
  [
    "a long numbered list",
    [numberedList(Array.from({ length: 400 }, (_, index) => `item ${index} of many`))],
  ],
  ["one endless paragraph", [paragraph(words(2_000))]],
  ["one endless paragraph of quotation marks", [paragraph(`"'<>&`.repeat(800))]],
  ["one endless paragraph of emoji", [paragraph(`a${"💩".repeat(3_500)}`)]],
  ["one endless paragraph of Chinese", [paragraph("漢".repeat(5_000))]],
  ["an endless quote", [quote(words(2_000))]],
  ["a quote of line ends", [quote("x\n".repeat(2_000))]],
  ["an endless code block", [codeBlock(words(2_000))]],
  ["an endless text for others", [verbatim('"\n'.repeat(1_000))]],
  ["a code block of line ends", [codeBlock("x\n".repeat(2_000))]],
  ["a list with an endless item", [list(["a", words(2_000), "b"])]],
  [
    "a block that just does not fit behind another",
    [paragraph("x"), list(Array.from({ length: 210 }, (_, i) => `${"y".repeat(30)}${i}`))],
  ],
];

describe("paginate", () => {
  it("leaves a short message as it is", () => {
    const message = { ...alert(paragraph("short")), attachments: [file] };
    expect(paginate(message)).toEqual([message]);
    expect(paginate(notice())).toEqual([notice()]);
  });

  it.each(long)("splits %s into messages that fit, and loses nothing", (_what, document) => {
    const pages = paginate(notice(...document));
    expect(pages.length).toBeGreaterThan(1);
    for (const page of pages) expect(sizeOf(page)).toBeLessThanOrEqual(maxMessageBytes);
    for (const page of pages) expect(renderPlainText(page.document).isWellFormed()).toBe(true);
    expect(pages.map((page) => letters(page.document)).join("")).toBe(letters(document));
  });

  it("numbers a list on over its pages", () => {
    const items = Array.from({ length: 400 }, (_, index) => `item ${index} of many`);
    const lines = paginate(notice(numberedList(items))).flatMap(({ document }) =>
      renderPlainText(document).split("\n"),
    );
    expect(lines).toEqual(items.map((item, index) => `${index + 1}. ${item}`));
  });

  it("keeps the items of a page in one list", () => {
    for (const { document } of paginate(
      notice(list(Array.from({ length: 400 }, (_, index) => `item ${index} of many`))),
    ))
      expect(document).toHaveLength(1);
  });

  it("calls the person once, and brings files at the end", () => {
    const pages = paginate({ ...alert(paragraph(words(2_000))), attachments: [file] });
    expect(pages.map(({ tone }) => tone)).toEqual(["alert", ...pages.slice(1).map(() => "notice")]);
    expect(pages.map(({ attachments = [] }) => attachments.length)).toEqual([
      ...pages.slice(1).map(() => 0),
      1,
    ]);
  });

  it("sends what is longer than three messages as its beginning and a file", () => {
    const document = [list(Array.from({ length: 3_000 }, (_, index) => `item ${index} of many`))];
    const pages = paginate({ ...alert(...document), attachments: [file] });
    const [page = notice()] = pages;
    expect(pages).toHaveLength(1);
    expect(page.tone).toBe("alert");
    expect(sizeOf(page)).toBeLessThanOrEqual(maxMessageBytes);
    expect(renderPlainText(page.document)).toMatch(
      /^- item 0 of many\n[^]*This is only the beginning\. The file has all of it\.$/u,
    );
    expect(page.attachments?.map(({ fileName }) => fileName)).toEqual(["answer.txt", "report.csv"]);
    expect(page.attachments?.[0]?.bytes.toString()).toBe(renderPlainText(document));
  });

  it.each(long)("%s fit into events, even as edits and encrypted", (_what, document) => {
    for (const page of paginate(notice(...document))) {
      const edit = JSON.stringify(editContent(messageContent(page, []), `$${"x".repeat(43)}`));
      expect(Buffer.byteLength(edit) * (4 / 3)).toBeLessThan(60_000);
    }
  });
});
