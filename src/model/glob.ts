/**
 * Whether a text matches a Matrix glob (appendices §Glob-style matching): `*` is any text, `?` is
 * exactly one character. Case counts. Two indices instead of a regular expression: a hostile
 * pattern full of stars costs at most pattern × text steps.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let patternIndex = 0;
  let starIndex = -1;
  /** How much of the text the last star matches. */
  let starEnd = 0;
  for (let index = 0; index < text.length;) {
    const wanted = pattern[patternIndex];
    if (wanted === "*") {
      starIndex = patternIndex++;
      starEnd = index;
    } else if (wanted === "?") {
      patternIndex++;
      index += characterWidth(text, index);
    } else if (wanted === text[index]) {
      patternIndex++;
      index++;
    } else if (starIndex !== -1) {
      patternIndex = starIndex + 1;
      starEnd += characterWidth(text, starEnd);
      index = starEnd;
    } else {
      return false;
    }
  }
  while (pattern[patternIndex] === "*") patternIndex++;
  return patternIndex === pattern.length;
}

/** 2 for a character that takes two UTF-16 units. */
function characterWidth(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}
