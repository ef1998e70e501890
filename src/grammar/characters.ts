/**
 * The text with full-width letters and marks as ASCII ("！ｈｅｌｐ" is "!help"), as input methods
 * write them. Each character stays one UTF-16 unit.
 */
export function withAsciiWidth(text: string): string {
  return text
    .replaceAll("\u3000", " ")
    .replace(/[\uFF01-\uFF5E]/gu, (mark) => String.fromCharCode(mark.charCodeAt(0) - 0xfee0));
}

const wordMarks = /^[`*_~"'“”„«»‘’‚(]+|[`*_~"'“”„«»‘’‚).,;:!?…。．，！？]+$/gu;

/**
 * A word without marks and punctuation at its edges. Only for words that never contain any, for
 * example `old`.
 */
export function bareWord(word: string): string {
  return withAsciiWidth(word).replace(wordMarks, "");
}
