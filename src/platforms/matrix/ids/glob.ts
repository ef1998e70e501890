/**
 * Whether a text matches a glob in which `*` stands for any characters and `?` for exactly one
 * (appendices, "Glob-style matching"), ignoring case. Two indices instead of a regular expression:
 * a hostile pattern full of stars costs at most pattern × text, never more.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const glob = pattern.toLowerCase();
  const subject = text.toLowerCase();
  let globIndex = 0;
  let starIndex = -1;
  let starText = 0;
  for (let index = 0; index < subject.length;) {
    const wanted = glob[globIndex];
    if (wanted === "*") {
      starIndex = globIndex++;
      starText = index;
    } else if (wanted === "?" || wanted === subject[index]) {
      globIndex++;
      index++;
    } else if (starIndex !== -1) {
      globIndex = starIndex + 1;
      index = ++starText;
    } else {
      return false;
    }
  }
  while (glob[globIndex] === "*") globIndex++;
  return globIndex === glob.length;
}
