import { textOfBytes } from "./text-of-bytes.ts";

const [EQUALS, NEWLINE, RETURN, SPACE, TAB] = [0x3d, 0x0a, 0x0d, 0x20, 0x09];

/**
 * Text in base64 (RFC 2045, section 6.8). Characters that are not of it are skipped.
 * @returns `null` if it is no text
 */
export function decodedBase64(text: string, charset: string): string | null {
  const bytes = Buffer.from(text, "base64");
  return textOfBytes(bytes) === null ? null : inCharset(bytes, charset);
}

/**
 * Text in quoted-printable (RFC 2045, section 6.7). It has as many lines as before: those that were
 * one before the mail was sent are put together, and empty ones follow.
 */
export function decodedQuotedPrintable(text: string, charset: string): string {
  const bytes = Buffer.from(text);
  let length = 0;
  let joined = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const lineEnd = byte === EQUALS ? softBreak(bytes, at + 1) : null;
    const escaped = byte === EQUALS ? escapedByte(bytes, at + 1) : null;
    if (lineEnd !== null) {
      joined += 1;
      at = lineEnd;
      continue;
    }
    if (escaped !== null) at += 2;
    // What is written is never longer than what was read.
    bytes[length++] = escaped ?? byte;
    for (; byte === NEWLINE && joined > 0; joined -= 1) bytes[length++] = NEWLINE;
  }
  return inCharset(bytes.subarray(0, length), charset);
}

/** Where the line break is that a sign at the end of a line takes away. */
function softBreak(bytes: Buffer, from: number): number | null {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === RETURN) at += 1;
  return bytes[at] === NEWLINE ? at : null;
}

function escapedByte(bytes: Buffer, from: number): number | null {
  const [high, low] = [hexDigit(bytes[from]), hexDigit(bytes[from + 1])];
  return high === null || low === null ? null : high * 16 + low;
}

function hexDigit(byte = 0): number | null {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = (byte | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : null;
}

/** Names of character sets that nobody knows count as UTF-8. */
function inCharset(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
