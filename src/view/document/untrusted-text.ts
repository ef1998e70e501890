const WORD_JOINER = "\u2060";

/**
 * Text from people, rooms or servers, made safe to show.
 * - One line, without control, direction or invisible characters.
 * - Cut at a length in user-perceived characters.
 * - Nothing in it becomes a link or a mention: an invisible word joiner follows each character that
 *   could begin one (view/README.md, "How messages look").
 */
export function untrustedText(text: string, maxLength = 60): string {
  return cut(clean(text), maxLength).replace(/[@#!:/.](?=\S)/gu, `$&${WORD_JOINER}`);
}

/** The same for code, files and logs, where clients make no links. */
export function untrustedCode(text: string, maxLength = 255): string {
  return cut(clean(text), maxLength);
}

function clean(text: string): string {
  return (
    text
      .normalize("NFC")
      .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
      .replace(/[\p{Cf}\p{Co}\p{Cs}\u115f\u1160\u3164\uffa0]/gu, "")
      // A letter with many combining marks would cover the lines above and below it.
      .replace(/(\p{M}{3})\p{M}+/gu, "$1")
      .replace(/\s+/gu, " ")
      .trim()
  );
}

function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const graphemes = [];
  // Reads only a few code units for each character, never the whole of an endless text or
  // character.
  const head = text.slice(0, maxLength * 4).toWellFormed();
  for (const { segment } of new Intl.Segmenter("en").segment(head)) {
    if (graphemes.length === maxLength) return `${graphemes.slice(0, maxLength - 1).join("")}…`;
    graphemes.push(segment);
  }
  return head.length < text.length ? `${graphemes.slice(0, maxLength - 1).join("")}…` : graphemes.join("");
}
