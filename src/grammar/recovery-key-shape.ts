import { bareWord } from "./characters.ts";

/**
 * The length without white space. A key has 48 characters (Appendices §Cryptographic key
 * representation). A person may miss some, type some twice, or join one to another word.
 */
const MIN_LENGTH = 40;
const MAX_LENGTH = 56;

/**
 * Whether a text seems to contain a recovery key: some 48 letters and digits, usually in twelve
 * groups of four. Keys with typing mistakes count as well, because most of the secret is in them.
 */
export function looksLikeRecoveryKey(text: string): boolean {
  const words = text.split(/\s+/u).map((word) => bareWord(word.replace(/^.*[=＝:：]/su, "")));
  return words.some((_, start) => startsWithKey(words, start));
}

function startsWithKey(words: readonly string[], start: number): boolean {
  let key = "";
  let mixed = 0;
  for (let at = start; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!/^[A-Za-z0-9]+$/.test(word) || key.length + word.length > MAX_LENGTH) return false;
    key += word;
    if (isMixed(word)) mixed += word.length;
    if (key.length >= MIN_LENGTH && mixed * 2 > key.length && hasBothCases(key)) return true;
  }
  return false;
}

/**
 * Whether a group of characters is neither a word nor a number. Nine of ten groups of random
 * characters are mixed, and hardly a word of a sentence is.
 */
function isMixed(word: string): boolean {
  return !/^(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)$/.test(word);
}

/** Checksums and IDs of sessions often have letters of one case only. */
function hasBothCases(text: string): boolean {
  return /[a-z]/.test(text) && /[A-Z]/.test(text);
}
