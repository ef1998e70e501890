import { distance } from "fastest-levenshtein";
import { withAsciiWidth } from "./characters.ts";
import { flagStart } from "./tokens.ts";

const secretWords = [
  "password",
  "passwort",
  "passphrase",
  "token",
  "access-token",
  "accesstoken",
  "secret",
  "recovery-key",
  "recovery-code",
  "recovery",
  "security-key",
  "security-phrase",
  "recovery-phrase",
  "phrase",
  "frase",
];
const shortSecretWords = ["pass", "pw", "pwd"];

/** Whether a flag name takes a secret, or is a typing mistake for one that does. */
export function looksLikeSecretFlag(name: string): boolean {
  const plain = withAsciiWidth(name).toLowerCase();
  return (
    shortSecretWords.includes(plain) ||
    secretWords.some((word) => distance(plain, word) <= (word.length > 6 ? 2 : 1))
  );
}

/**
 * Whether a text contains an access token in the form of Synapse or the Matrix Authentication
 * Service.
 */
function looksLikeToken(text: string): boolean {
  return /(?<!\w)(?:syt|syl|syr|mat|mct|mcr|mar)_[\w+/=-]{10,}/iu.test(text);
}

const separator = String.raw`[\s\u200B\uFEFF-]`;
/** All recovery keys start with `EsS`, `EsT` or `EsU` and have 48 characters. */
const recoveryKeyStart = new RegExp(
  String.raw`(?<![A-Za-z\d])Es[STU](?:${separator}*[A-Za-z\d]){41,49}(?![A-Za-z\d])`,
  "u",
);
const groupsOfFour = new RegExp(
  String.raw`(?<![A-Za-z\d])[A-Za-z\d]{4}(?:${separator}+[A-Za-z\d]{4}){7,12}(?![A-Za-z\d])`,
  "gu",
);

/**
 * Whether a text contains a recovery key, with or without typing mistakes and spaces (Appendices
 * §Cryptographic key representation). Eight groups of four of its characters are enough.
 */
export function looksLikeRecoveryKey(text: string): boolean {
  return recoveryKeyStart.test(text) || (text.match(groupsOfFour) ?? []).some(isMixed);
}

/** Words of four letters have no digits and no capital letters inside. */
function isMixed(text: string): boolean {
  const changes = text.match(/\d(?=[A-Za-z])|[A-Za-z](?=\d)|[a-z](?=[A-Z])/gu) ?? [];
  return changes.length >= 4;
}

/** Whether a text contains a secret of a known form. */
export function hasSecretInText(text: string): boolean {
  return looksLikeToken(text) || looksLikeRecoveryKey(text);
}

/** The bot writes an ellipsis instead of a secret. It is not a secret. */
const flagWithValue = new RegExp(
  String.raw`(?<=^|[\s"'“”„«‘‚(\x60*_~])${flagStart}([\p{L}\d-]+)(?:[=＝]|[:：]\s*|\s+)(?!["“„]?(?:…|\.\.\.))(?=\S)`,
  "gu",
);

/** Whether a message most likely carries a secret, even if its command is wrong. */
export function hasSecretShape(text: string): boolean {
  return secretFlagIn(text) !== null || hasSecretInText(text);
}

/**
 * Where the value after the first flag that takes a secret starts; null if there is no such flag.
 */
export function secretFlagIn(text: string): { valueAt: number } | null {
  for (const match of text.matchAll(flagWithValue))
    if (looksLikeSecretFlag(match[1] ?? "")) return { valueAt: match.index + match[0].length };
  return null;
}
