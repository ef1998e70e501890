/** The first bytes of files that are no text, whatever follows. */
const BINARY_STARTS = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x1f, 0x8b],
  [0x25, 0x50, 0x44, 0x46],
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
  [0x47, 0x49, 0x46, 0x38],
] as const;

/**
 * The text of a file: UTF-8, or UTF-16 with a byte order mark. Bytes that are no UTF-8 become
 * replacement characters, because one of them does not make a mail useless.
 * @returns `null` if it is no text
 */
export function textOfBytes(bytes: Uint8Array): string | null {
  if (BINARY_STARTS.some((start) => start.every((byte, index) => bytes[index] === byte))) return null;
  const encoding = encodingOf(bytes);
  if (encoding === "utf-8" && bytes.includes(0)) return null;
  return new TextDecoder(encoding).decode(bytes);
}

/** Two bytes at the start say that each character has two bytes, and which of them is first. */
function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return "utf-8";
}
