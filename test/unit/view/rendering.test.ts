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
  verbatim,
} from "../../../src/view/document/document.ts";
import { renderHtml } from "../../../src/view/document/html.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";

const evil = `<b onclick="x">&amp;'</b>`;
const escaped = "&lt;b onclick=&quot;x&quot;&gt;&amp;amp;&apos;&lt;/b&gt;";

describe("a document is drawn twice", () => {
  it.each<{ name: string; document: Document; plain: string; html: string }>([
    {
      name: "one paragraph, without p",
      document: [paragraph("a ", strong("b"))],
      plain: "a b",
      html: "a <strong>b</strong>",
    },
    {
      name: "paragraphs",
      document: [paragraph("a"), paragraph("b")],
      plain: "a\n\nb",
      html: "<p>a</p><p>b</p>",
    },
    { name: "a line break", document: [paragraph("a\nb")], plain: "a\nb", html: "a<br>b" },
    { name: "code", document: [paragraph(code("<x>"))], plain: "<x>", html: "<code>&lt;x&gt;</code>" },
    {
      name: "a link",
      document: [paragraph(link("https://x.org/?a&b", "here"))],
      plain: "here (https://x.org/?a&b)",
      html: `<a href="https://x.org/?a&amp;b">here</a>`,
    },
    {
      name: "a bare link",
      document: [paragraph(link("https://x.org", "https://x.org"))],
      plain: "https://x.org",
      html: `<a href="https://x.org">https://x.org</a>`,
    },
    {
      name: "a person",
      document: [paragraph(person("@a/b?c:x.org"))],
      plain: "@a/b?c:x.org",
      html: `<a href="https://matrix.to/#/%40a%2Fb%3Fc%3Ax.org">@a/b?c:x.org</a>`,
    },
    {
      name: "a list",
      document: [list(["a", ["b", strong("c")]])],
      plain: "- a\n- bc",
      html: "<ul><li>a</li><li>b<strong>c</strong></li></ul>",
    },
    {
      name: "a numbered list",
      document: [numberedList(["a", "b"])],
      plain: "1. a\n2. b",
      html: "<ol><li>a</li><li>b</li></ol>",
    },
    {
      name: "one that goes on",
      document: [numberedList(["a", "b"], 7)],
      plain: "7. a\n8. b",
      html: `<ol start="7"><li>a</li><li>b</li></ol>`,
    },
    {
      name: "a quote",
      document: [quote("a\nb")],
      plain: "> a\n> b",
      html: "<blockquote><p>a<br>b</p></blockquote>",
    },
    {
      name: "a code block",
      document: [codeBlock("a\n b<")],
      plain: "    a\n     b<",
      html: "<pre><code>a\n b&lt;</code></pre>",
    },
    {
      name: "a text for others",
      document: [verbatim("a\n\n b<")],
      plain: "a\n\n b<",
      html: "<blockquote><p><code>a</code><br><br><code> b&lt;</code></p></blockquote>",
    },
    { name: "nothing", document: [], plain: "", html: "" },
  ])("$name", ({ document, plain, html }) => {
    expect(renderPlainText(document)).toBe(plain);
    expect(renderHtml(document)).toBe(html);
  });

  it.each<{ name: string; document: Document }>([
    { name: "text", document: [paragraph(evil)] },
    { name: "strong text", document: [paragraph(strong(evil))] },
    { name: "code", document: [paragraph(code(evil))] },
    { name: "a link's text", document: [paragraph(link("https://x.org", evil))] },
    { name: "a link's address", document: [paragraph(link(evil, "x"))] },
    { name: "a list", document: [list([evil])] },
    { name: "a quote", document: [quote(evil)] },
    { name: "a code block", document: [codeBlock(evil)] },
    { name: "a text for others", document: [verbatim(evil)] },
  ])("HTML in $name is text", ({ document }) => {
    expect(renderHtml(document)).toContain(escaped);
    expect(renderHtml(document)).not.toContain(evil);
    expect(renderPlainText(document)).toContain(evil);
  });

  it("joins pieces", () => {
    expect(renderPlainText([paragraph(...join([code("a"), "b", "c"], ", "))])).toBe("a, b, c");
  });
});
