import type { Decipheriv, Hash } from "node:crypto";
import { createDecipheriv, createHash } from "node:crypto";
import type { Logger } from "pino";
import type { Download, FileReference } from "../model/file-reference.ts";

/** The longest time without data from the server, and the longest time of a download. */
const SILENCE_MS = 60_000;
const LONGEST_DOWNLOAD_MS = 10 * 60_000;

/** CS §Content repository. Servers from before v1.11 have only the second path. */
const PATHS = ["/_matrix/client/v1/media/download", "/_matrix/media/v3/download"];

export interface DownloadOptions {
  homeserverUrl: string;
  /** The bot's own. */
  accessToken: string;
  maxBytes: number;
  signal: AbortSignal;
  log: Logger;
}

/**
 * Downloads the file of a message through the bot's own server, decrypts it, and checks its hash.
 * @throws the reason of the signal, if it is aborted
 */
export async function downloadFile(file: FileReference, options: DownloadOptions): Promise<Download> {
  const { maxBytes, signal, log } = options;
  if (file.size !== null && file.size > maxBytes) return { status: "too_large" };
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), SILENCE_MS);
  const limits = AbortSignal.any([signal, abort.signal, AbortSignal.timeout(LONGEST_DOWNLOAD_MS)]);
  try {
    const response = await answerFor(file, options, limits);
    if (response.status >= 500 || [401, 408, 425, 429].includes(response.status))
      return { status: "unreachable" };
    if (!response.ok) return { status: "gone" };
    if (Number(response.headers.get("content-length")) > maxBytes) return { status: "too_large" };
    return await read(response, { file, maxBytes, onData: () => timer.refresh() });
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ reason: error instanceof Error ? error.message : "" }, "a file could not be downloaded");
    return { status: "unreachable" };
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

async function answerFor(
  { serverName, mediaId }: FileReference,
  { homeserverUrl, accessToken }: DownloadOptions,
  signal: AbortSignal,
): Promise<Response> {
  const medium = `${encodeURIComponent(serverName)}/${encodeURIComponent(mediaId)}`;
  const get = (path: string): Promise<Response> =>
    fetch(`${homeserverUrl.replace(/\/+$/u, "")}${path}/${medium}`, {
      headers: { authorization: `Bearer ${accessToken}` },
      signal,
    });
  const [path = "", olderPath = ""] = PATHS;
  const response = await get(path);
  if (response.status !== 404) return response;
  // An unknown path and an unknown medium have the same status.
  const text = await response.text();
  return text.includes("M_UNRECOGNIZED") ? get(olderPath) : new Response(null, { status: 404 });
}

async function read(
  response: Response,
  { file, maxBytes, onData }: { file: FileReference; maxBytes: number; onData: () => void },
): Promise<Download> {
  const opening = file.encryption && new OpeningFile(file.encryption);
  const parts: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const part of body ?? []) {
    onData();
    length += part.byteLength;
    if (length > maxBytes) return { status: "too_large" };
    parts.push(opening?.update(part) ?? part);
  }
  if (opening?.isRight() === false) return { status: "damaged" };
  return { status: "downloaded", bytes: Buffer.concat(parts) };
}

/** Decrypts a file as it arrives (CS §Sending encrypted attachments). */
class OpeningFile {
  readonly #decipher: Decipheriv | null;
  readonly #hash: Hash = createHash("sha256");
  readonly #sha256: Buffer;

  constructor({ key, iv, sha256 }: NonNullable<FileReference["encryption"]>) {
    const [keyBytes, ivBytes] = [Buffer.from(key, "base64url"), Buffer.from(iv, "base64")];
    this.#sha256 = Buffer.from(sha256, "base64");
    this.#decipher =
      keyBytes.length === 32 && ivBytes.length === 16
        ? createDecipheriv("aes-256-ctr", keyBytes, ivBytes)
        : null;
  }

  update(bytes: Uint8Array): Uint8Array {
    this.#hash.update(bytes);
    return this.#decipher?.update(bytes) ?? bytes;
  }

  /** Whether the file is the one of the message. Call it once, at the end. */
  isRight(): boolean {
    return this.#decipher !== null && this.#hash.digest().equals(this.#sha256);
  }
}
