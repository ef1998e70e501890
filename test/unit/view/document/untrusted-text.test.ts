import { describe, expect, it } from "vitest";
import { untrustedCode, untrustedText } from "../../../../src/view/document/untrusted-text.ts";

const JOINER = "\u2060";

describe("a name from elsewhere", () => {
  it.each([
    ["right-to-left override", "abc\u202Egnp.exe", "abcgnp.exe"],
    ["isolates", "\u2066a\u2069\u2067b\u2068", "ab"],
    ["direction marks", "a\u200E\u200F\u061Cb", "ab"],
    ["zero width", "a\u200B\u200C\u200D\uFEFF\u2060b", "ab"],
    ["a soft hyphen", "a\u00ADb", "ab"],
    ["tag characters", "a\u{E0041}\u{E007F}b", "ab"],
    ["lone surrogates", "a\uD800b\uDC00", "ab"],
    ["private use", "a\uE000b", "ab"],
    ["Hangul fillers", "a\u3164\u115F\uFFA0b", "ab"],
    ["control characters", "a\u0000\u0007\u001B[31mb\u0085c", "a [31mb c"],
    ["new lines", "a\r\nb\u2028c\u2029d\te", "a b c d e"],
    ["spaces", "  a \u00a0\u3000 b  ", "a b"],
    ["a tower of marks", `q${"\u0301\u0302".repeat(50)}a`, "q\u0301\u0302\u0301a"],
  ])("%s", (_what, text, clean) => {
    expect(untrustedCode(text)).toBe(clean);
  });

  it.each([
    ["@room", `@${JOINER}room`],
    ["@ann:x.org", `@${JOINER}ann:${JOINER}x.${JOINER}org`],
    ["#choir:x.org", `#${JOINER}choir:${JOINER}x.${JOINER}org`],
    ["!id:x.org", `!${JOINER}id:${JOINER}x.${JOINER}org`],
    ["https://x.org/y", `https:${JOINER}/${JOINER}/${JOINER}x.${JOINER}org/${JOINER}y`],
    ["www.x.org", `www.${JOINER}x.${JOINER}org`],
    ["matrix:u/a:x.org", `matrix:${JOINER}u/${JOINER}a:${JOINER}x.${JOINER}org`],
    ["Hi! You: and me.", "Hi! You: and me."],
  ])("%s makes no mention and no link", (text, shown) => {
    expect(untrustedText(text)).toBe(shown);
  });

  it("is cut at a length that people see", () => {
    expect(untrustedText("a".repeat(61))).toBe(`${"a".repeat(59)}…`);
    expect(untrustedText("a".repeat(60))).toBe("a".repeat(60));
    expect(untrustedCode("🇩🇪".repeat(10), 5)).toBe("🇩🇪🇩🇪🇩🇪🇩🇪…");
    expect(untrustedCode("e\u0323\u0302".repeat(20), 20)).toBe("e\u0323\u0302".repeat(20).normalize("NFC"));
  });

  it.each([
    ["marks", "\u0301"],
    ["one endless character", "ᄀ"],
    ["an endless conjunct", "\u{11005}\u{11046}"],
    ["emoji", "💩"],
    ["letters", "a"],
  ])("60 kB of %s stay short and whole", (_what, piece) => {
    const shown = untrustedText(piece.repeat(30_000));
    expect(shown.length).toBeLessThanOrEqual(300);
    expect(shown.isWellFormed()).toBe(true);
    if (_what !== "marks") expect(shown.endsWith("…")).toBe(true);
  });
});
