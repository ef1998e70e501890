interface Signature {
  readonly type: string;
  /** The bytes of the text at the offset, in Latin-1. */
  readonly parts: readonly { readonly at: number; readonly text: string }[];
}

const signature = (type: string, ...parts: readonly [number, string][]): Signature => ({
  type,
  parts: parts.map(([at, text]) => ({ at, text })),
});

/**
 * The first bytes of the types of images that clients show (WHATWG MIME Sniffing, and the formats'
 * own specifications).
 */
const SIGNATURES: readonly Signature[] = [
  signature("image/png", [0, "\x89PNG\r\n\x1a\n"]),
  signature("image/jpeg", [0, "\xff\xd8\xff"]),
  signature("image/gif", [0, "GIF87a"]),
  signature("image/gif", [0, "GIF89a"]),
  signature("image/webp", [0, "RIFF"], [8, "WEBP"]),
  signature("image/avif", [4, "ftypavif"]),
  signature("image/avif", [4, "ftypavis"]),
  signature("image/heic", [4, "ftypheic"]),
  signature("image/heic", [4, "ftypheix"]),
  signature("image/heif", [4, "ftypmif1"]),
  signature("image/jxl", [0, "\xff\x0a"]),
  signature("image/jxl", [0, "\x00\x00\x00\x0cJXL \r\n\x87\n"]),
  signature("image/tiff", [0, "II*\x00"]),
  signature("image/tiff", [0, "MM\x00*"]),
  signature("image/bmp", [0, "BM"], [6, "\x00\x00\x00\x00"]),
  signature("image/vnd.microsoft.icon", [0, "\x00\x00\x01\x00"]),
];

/** The longest beginning in which the root element of an SVG is looked for. */
const MAX_PROLOG_BYTES = 1024;
/** An XML declaration, comments and a document type may stand before the root element. */
const SVG = /^\uFEFF?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)*(?:<!doctype svg[^>]*>\s*)?<svg[\s>]/i;

/**
 * The type of an image by its first bytes, because servers and clients store images under any type.
 * @returns `null` for anything that is no image
 */
export function imageTypeOf(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_PROLOG_BYTES));
  const binary = start.toString("latin1");
  const found = SIGNATURES.find(({ parts }) => parts.every(({ at, text }) => binary.startsWith(text, at)));
  if (found !== undefined) return found.type;
  return SVG.test(start.toString("utf8")) ? "image/svg+xml" : null;
}
