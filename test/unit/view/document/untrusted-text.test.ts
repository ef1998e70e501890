import { describe, expect, it } from "vitest";
import { untrustedCode, untrustedText } from "../../../../src/view/document/untrusted-text.ts";

const JOINER = "\u2060";

describe("a name from elsewhere", () => {
  it.each([
    { name: "right-to-left override", text: "abc\u202Egnp.exe", clean: "abcgnp.exe" },
    { name: "isolates", text: "\u2066a\u2069\u2067b\u2068", clean: "ab" },
    { name: "direction marks", text: "a\u200E\u200F\u061Cb", clean: "ab" },
    { name: "zero width", text: "a\u200B\u200C\u200D\uFEFF\u2060b", clean: "ab" },
    { name: "a soft hyphen", text: "a\u00ADb", clean: "ab" },
    { name: "tag characters", text: "a\u{E0041}\u{E007F}b", clean: "ab" },
    { name: "lone surrogates", text: "a\uD800b\uDC00", clean: "ab" },
    { name: "private use", text: "a\uE000b", clean: "ab" },
    { name: "Hangul fillers", text: "a\u3164\u115F\uFFA0b", clean: "ab" },
    { name: "control characters", text: "a\u0000\u0007\u001B[31mb\u0085c", clean: "a [31mb c" },
    { name: "new lines", text: "a\r\nb\u2028c\u2029d\te", clean: "a b c d e" },
    { name: "spaces", text: "  a \u00a0\u3000 b  ", clean: "a b" },
    { name: "a tower of marks", text: `q${"\u0301\u0302".repeat(50)}a`, clean: "q\u0301\u0302\u0301a" },
  ])("$name", ({ text, clean }) => {
    expect(untrustedCode(text)).toBe(clean);
  });

  it.each([
    { text: "@room", shown: `@${JOINER}room` },
    { text: "@ann:x.org", shown: `@${JOINER}ann:${JOINER}x.${JOINER}org` },
    { text: "#choir:x.org", shown: `#${JOINER}choir:${JOINER}x.${JOINER}org` },
    { text: "!id:x.org", shown: `!${JOINER}id:${JOINER}x.${JOINER}org` },
    { text: "https://x.org/y", shown: `https:${JOINER}/${JOINER}/${JOINER}x.${JOINER}org/${JOINER}y` },
    { text: "www.x.org", shown: `www.${JOINER}x.${JOINER}org` },
    { text: "matrix:u/a:x.org", shown: `matrix:${JOINER}u/${JOINER}a:${JOINER}x.${JOINER}org` },
    { text: "Hi! You: and me.", shown: "Hi! You: and me." },
  ])("$text makes no mention and no link", ({ text, shown }) => {
    expect(untrustedText(text)).toBe(shown);
  });

  it("is cut at a length that people see", () => {
    expect(untrustedText("a".repeat(61))).toBe(`${"a".repeat(59)}…`);
    expect(untrustedText("a".repeat(60))).toBe("a".repeat(60));
    expect(untrustedCode("🇩🇪".repeat(10), 5)).toBe("🇩🇪🇩🇪🇩🇪🇩🇪…");
    expect(untrustedCode("e\u0323\u0302".repeat(20), 20)).toBe("e\u0323\u0302".repeat(20).normalize("NFC"));
  });

  it.each([
    { name: "marks", piece: "\u0301" },
    { name: "one endless character", piece: "ᄀ" },
    { name: "an endless conjunct", piece: "\u{11005}\u{11046}" },
    { name: "emoji", piece: "💩" },
    { name: "letters", piece: "a" },
  ])("60 kB of $name stay short and whole", ({ name, piece }) => {
    const shown = untrustedText(piece.repeat(30_000));
    expect(shown.length).toBeLessThanOrEqual(300);
    expect(shown.isWellFormed()).toBe(true);
    if (name !== "marks") expect(shown.endsWith("…")).toBe(true);
  });
});
