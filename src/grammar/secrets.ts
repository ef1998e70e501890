import { distance } from "fastest-levenshtein";
import { withAsciiWidth } from "./characters.ts";
import { flagStart } from "./tokens.ts";

const secretWords = ["password", "passwort", "passphrase", "token", "access-token", "accesstoken", "secret"];
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
export function looksLikeToken(text: string): boolean {
  return /(?<!\w)(?:syt|syl|syr|mat|mct|mcr|mar)_[\w+/=-]{10,}/iu.test(text);
}

/** The bot writes an ellipsis instead of a secret. It is not a secret. */
const flagWithValue = new RegExp(
  String.raw`(?<=^|[\s"'“”„«‘‚(\x60*_~])${flagStart}([\p{L}\d-]+)(?:[=＝]|[:：]\s*|\s+)(?!…|\.\.\.)(?=\S)`,
  "gu",
);

/** Whether a message most likely carries a secret, even if its command is wrong. */
export function hasSecretShape(text: string): boolean {
  return secretFlagIn(text) !== null || looksLikeToken(text);
}

/**
 * Where the value after the first flag that takes a secret starts; null if there is no such flag.
 */
export function secretFlagIn(text: string): { valueAt: number } | null {
  for (const match of text.matchAll(flagWithValue))
    if (looksLikeSecretFlag(match[1] ?? "")) return { valueAt: match.index + match[0].length };
  return null;
}
