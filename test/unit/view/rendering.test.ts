import { describe, expect, it } from "vitest";
import type { Document } from "../../../src/view/document/document.ts";
import {
  code,
  codeBlock,
  join,
  link,
  list,
  numberedList,
  paragraph,
  person,
  quote,
  strong,
} from "../../../src/view/document/document.ts";
import { renderHtml } from "../../../src/view/document/html.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";

const evil = `<b onclick="x">&amp;'</b>`;
const escaped = "&lt;b onclick=&quot;x&quot;&gt;&amp;amp;&apos;&lt;/b&gt;";

describe("a document is drawn twice", () => {
  it.each<[string, Document, string, string]>([
    ["one paragraph, without p", [paragraph("a ", strong("b"))], "a b", "a <strong>b</strong>"],
    ["paragraphs", [paragraph("a"), paragraph("b")], "a\n\nb", "<p>a</p><p>b</p>"],
    ["a line break", [paragraph("a\nb")], "a\nb", "a<br>b"],
    ["code", [paragraph(code("<x>"))], "<x>", "<code>&lt;x&gt;</code>"],
    [
      "a link",
      [paragraph(link("https://x.org/?a&b", "here"))],
      "here (https://x.org/?a&b)",
      `<a href="https://x.org/?a&amp;b">here</a>`,
    ],
    [
      "a bare link",
      [paragraph(link("https://x.org", "https://x.org"))],
      "https://x.org",
      `<a href="https://x.org">https://x.org</a>`,
    ],
    [
      "a person",
      [paragraph(person("@a/b?c:x.org"))],
      "@a/b?c:x.org",
      `<a href="https://matrix.to/#/%40a%2Fb%3Fc%3Ax.org">@a/b?c:x.org</a>`,
    ],
    [
      "a list",
      [list(["a", ["b", strong("c")]])],
      "- a\n- bc",
      "<ul><li>a</li><li>b<strong>c</strong></li></ul>",
    ],
    ["a numbered list", [numberedList(["a", "b"])], "1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"],
    [
      "one that goes on",
      [numberedList(["a", "b"], 7)],
      "7. a\n8. b",
      `<ol start="7"><li>a</li><li>b</li></ol>`,
    ],
    ["a quote", [quote("a\nb")], "> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"],
    ["a code block", [codeBlock("a\n b<")], "    a\n     b<", "<pre><code>a\n b&lt;</code></pre>"],
    ["nothing", [], "", ""],
  ])("%s", (_what, document, plain, html) => {
    expect(renderPlainText(document)).toBe(plain);
    expect(renderHtml(document)).toBe(html);
  });

  it.each<[string, Document]>([
    ["text", [paragraph(evil)]],
    ["strong text", [paragraph(strong(evil))]],
    ["code", [paragraph(code(evil))]],
    ["a link's text", [paragraph(link("https://x.org", evil))]],
    ["a link's address", [paragraph(link(evil, "x"))]],
    ["a list", [list([evil])]],
    ["a quote", [quote(evil)]],
    ["a code block", [codeBlock(evil)]],
  ])("HTML in %s is text", (_what, document) => {
    expect(renderHtml(document)).toContain(escaped);
    expect(renderHtml(document)).not.toContain(evil);
    expect(renderPlainText(document)).toContain(evil);
  });

  it("joins pieces", () => {
    expect(renderPlainText([paragraph(...join([code("a"), "b", "c"], ", "))])).toBe("a, b, c");
  });
});
