import { distance } from "fastest-levenshtein";
import { flagStart } from "./tokens.ts";

const secretWords = ["password", "passwort", "passphrase", "token", "access-token", "accesstoken", "secret"];
const shortSecretWords = ["pass", "pw", "pwd"];

/** Whether a flag's name is one that brings a secret, or a slip of the finger away from it. */
export function looksLikeSecretFlag(name: string): boolean {
  const plain = name.toLowerCase();
  return (
    shortSecretWords.includes(plain) ||
    secretWords.some((word) => distance(plain, word) <= (word.length > 6 ? 2 : 1))
  );
}

/**
 * Whether a text holds an access token as Synapse and the Matrix Authentication Service write them,
 * with whatever stands around it.
 */
export function looksLikeToken(text: string): boolean {
  return /(?<!\w)(?:syt|syl|syr|mat|mct|mcr|mar)_[\w+/=-]{10,}/iu.test(text);
}

/** The ellipsis that the bot itself writes in place of a secret is none. */
const flagWithValue = new RegExp(
  String.raw`(?<=^|[\s"'“”„«‘‚(])${flagStart}([\p{L}\d-]+)(?:=|:\s*|\s+)(?!…|\.\.\.)\S`,
  "gu",
);

/** Whether a message most likely carries a secret, right or wrong as its command may be. */
export function hasSecretShape(text: string): boolean {
  for (const match of text.matchAll(flagWithValue)) if (looksLikeSecretFlag(match[1] ?? "")) return true;
  return looksLikeToken(text);
}
