import { UnreachableError } from "../../../network/unreachable-error.ts";

/**
 * The values of larger texts are counted before parsing. Up to this size even a text of only
 * brackets is parsed in milliseconds.
 */
const COUNTED_BYTES = 262_144;
/**
 * The number of values that a text may have: a fixed number, and one for each `BYTES_PER_VALUE`.
 * Homeservers send one value for about 25 bytes. A value takes up to 100 bytes of memory, so a
 * hostile text of brackets would take fifty times its size.
 */
const FREE_VALUES = 65_536;
const BYTES_PER_VALUE = 12;
const MAX_VALUES = 1_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;

/**
 * Parses a body. Servers also send an empty object as no text or as `null`; both count as `{}`.
 * @returns `undefined` if the text is not JSON
 * @throws UnreachableError too_large for more values than any homeserver sends
 */
export function parseJson(bytes: Uint8Array, host: string): unknown {
  if (bytes.length > COUNTED_BYTES) assertNotTooMany(bytes, host);
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return value ?? {};
  } catch {
    return undefined;
  }
}

/** Counts values in one pass over the bytes. Each value follows one of three characters. */
function assertNotTooMany(bytes: Uint8Array, host: string): void {
  const most = Math.min(FREE_VALUES + bytes.length / BYTES_PER_VALUE, MAX_VALUES);
  let values = 1;
  let isInText = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (isInText) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) isInText = false;
    } else if (byte === QUOTE) isInText = true;
    else if (byte === COMMA || byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      values += 1;
      if (values > most) throw new UnreachableError("too_large", host, "values");
    }
  }
}
