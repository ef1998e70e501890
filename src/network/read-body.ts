import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { UnreachableError } from "./unreachable-error.ts";

/** The limits for reading one body. */
export interface BodyLimits {
  /** The limit after decompression. It also applies to the bytes before. */
  readonly maxBytes: number;
  /** Beyond the limit: `refuse` throws an error, `cut` leaves out the rest. */
  readonly beyond: "refuse" | "cut";
}

/**
 * Reads a body, decompresses it and stops at the limit. Compressed and plain bytes are counted
 * separately: a small body may expand to a large one, and endless empty gzip members expand to
 * nothing.
 * @throws UnreachableError too_large, unexpected_answer; otherwise the stream's error
 */
export async function readBody(
  raw: Readable,
  encoding: string | undefined,
  limits: BodyLimits,
  host: string,
): Promise<Uint8Array> {
  const body = decoded(raw, encoding, limits, host);
  try {
    return await collect(body, limits, host);
  } finally {
    release(raw, body);
  }
}

/**
 * Reads a body in pieces, decompressed.
 * @throws UnreachableError too_large, unexpected_answer; otherwise the stream's error
 */
export async function* streamBody(
  raw: Readable,
  encoding: string | undefined,
  maxBytes: number,
  host: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const body = decoded(raw, encoding, { maxBytes, beyond: "refuse" }, host);
  let size = 0;
  try {
    for await (const bytes of body as AsyncIterable<Uint8Array>) {
      size += bytes.length;
      if (size > maxBytes) throw new UnreachableError("too_large", host);
      yield bytes;
      makeGarbage(bytes);
    }
  } finally {
    release(raw, body);
  }
}

/**
 * Makes a short-lived text of the size of a piece. The memory of pieces is outside of the heap of
 * V8, which frees it only when it collects young objects. Without this there would be too few of
 * them, and tens of megabytes of used pieces (seen with Node 24).
 */
function makeGarbage(piece: Uint8Array): void {
  Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
}

function decoded(raw: Readable, encoding: string | undefined, limits: BodyLimits, host: string): Readable {
  const decoder = createDecoder(encoding, host);
  if (decoder === null) return raw;
  let rawBytes = 0;
  raw.on("data", (chunk: Buffer) => {
    rawBytes += chunk.length;
    if (rawBytes <= limits.maxBytes) return;
    if (limits.beyond === "refuse") raw.destroy(new UnreachableError("too_large", host));
    else decoder.destroy();
  });
  raw.on("error", (error) => decoder.destroy(error));
  return raw.pipe(decoder);
}

function release(raw: Readable, body: Readable): void {
  if (raw === body) return;
  raw.unpipe();
  raw.destroy();
}

async function collect(
  stream: Readable,
  { maxBytes, beyond }: BodyLimits,
  host: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // Leaving the loop early destroys the stream and its connection.
    for await (const bytes of stream as AsyncIterable<Uint8Array>) {
      size += bytes.length;
      if (size <= maxBytes) {
        chunks.push(bytes);
        continue;
      }
      if (beyond === "refuse") throw new UnreachableError("too_large", host);
      chunks.push(bytes.subarray(0, bytes.length - (size - maxBytes)));
      break;
    }
  } catch (error) {
    // A compressed body that was cut off has no valid end.
    if (beyond === "refuse" || !stream.destroyed || !hasCode(error, "ERR_STREAM_PREMATURE_CLOSE"))
      throw error;
  }
  return Buffer.concat(chunks);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function createDecoder(encoding: string | undefined, host: string) {
  switch (encoding?.trim().toLowerCase() ?? "") {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      throw new UnreachableError("unexpected_answer", host, "content-encoding");
  }
}
