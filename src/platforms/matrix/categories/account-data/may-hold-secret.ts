import type { JsonObject } from "../../api/json.ts";

const WORDS: ReadonlySet<string> = new Set(
  (
    "key keys privatekey secretkey apikey apikeys token tokens accesstoken refreshtoken secret secrets password passwords passphrase passcode pin " +
    "credential credentials auth cookie cookies session sessions device devices deviceid deviceids encrypted ciphertext signature signatures " +
    "crypto olm megolm ssss keybackup dehydrated pickle seed mnemonic jwt oauth"
  ).split(" "),
);

/** Words of a name: `org.example.accessToken_2` has "org", "example", "access", "token" and "2". */
const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}]+|\p{N}+/gu;

/**
 * Tokens of Synapse and of MAS, JSON web tokens, PEM, and 32 bytes in base64, which are usually a
 * key or a secret.
 */
const SECRET_VALUE =
  /^(syt_|syr_|syl_|mat_|mct_|mcr_|mas_|MDAx|Bearer |eyJ)|-----BEGIN |^[A-Za-z0-9+/_-]{43}=?$/;

/** A longer text takes long to search, and its beginning shows what it is. */
const MAX_SEARCHED_LENGTH = 500;

/** Content with more objects counts as secret, because it is not searched to its end. */
const MAX_SEARCHED_OBJECTS = 20_000;

/** A plan asks about the same content several times. */
const searched = new WeakMap<JsonObject, boolean>();

/**
 * Whether account data of an unknown type looks like keys, devices or tokens, by its type, the
 * names in it and its values. In doubt the answer is yes: content that is not moved is reported and
 * can be set again, but copied content cannot be called back.
 */
export function mayHoldSecret(type: string, content: JsonObject): boolean {
  if (namesSecret(type)) return true;
  const known = searched.get(content) ?? holdsSecret(content);
  searched.set(content, known);
  return known;
}

function holdsSecret(content: JsonObject): boolean {
  const open: unknown[] = [content];
  let count = 0;
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === "string" && SECRET_VALUE.test(value.slice(0, MAX_SEARCHED_LENGTH))) return true;
    if (typeof value !== "object" || value === null) continue;
    count += 1;
    if (count > MAX_SEARCHED_OBJECTS) return true;
    for (const [name, inner] of Object.entries(value)) {
      if (!Array.isArray(value) && holdsSomething(inner) && namesSecret(name)) return true;
      if (inner !== undefined) open.push(inner);
    }
  }
  return false;
}

/** A boolean or a number is no secret, whatever its name: `{"showDevices": true}`. */
function holdsSomething(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function namesSecret(name: string): boolean {
  const words = name.slice(0, MAX_SEARCHED_LENGTH).match(WORD) ?? [];
  return words.some((word) => WORDS.has(word.toLowerCase()));
}
