import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { KeyFileEntry, KeyFileMistake, KeyFileResult } from "../../../key-files.ts";
import { MAX_KEY_FILE_BYTES } from "../../../key-files.ts";
import { MAX_ITERATIONS } from "../passphrase-key.ts";
import { readFileEntry } from "./entry.ts";
import {
  BEGIN,
  CIPHERTEXT_AT,
  deriveFileKeys,
  END,
  IV_AT,
  MAC_BYTES,
  PIECE_BYTES,
  ROUNDS_AT,
  SALT_AT,
  VERSION,
} from "./format.ts";
import { JsonList } from "./json-list.ts";

/**
 * Opens a key file. The markers may stand anywhere in the text, because programs write the lines
 * differently. Works in pieces, so that a large file does not block the event loop.
 * @throws the reason of the signal, if it is aborted
 */
export async function openKeyFile(
  bytes: Uint8Array,
  passphrase: string,
  signal?: AbortSignal,
): Promise<KeyFileResult> {
  if (bytes.length > MAX_KEY_FILE_BYTES) return refused("too_large");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const begin = text.indexOf(BEGIN);
  if (begin === -1) return refused("not_a_key_file");
  const end = text.indexOf(END, begin);
  if (end === -1) return refused("cut_off");
  const file = await decodeBase64(text.subarray(begin + BEGIN.length, end), signal);
  if (file === null) return refused("wrong_passphrase_or_damaged");
  if (file.length < CIPHERTEXT_AT + MAC_BYTES) return refused("cut_off");
  if (file[0] !== VERSION) return refused("not_a_key_file");
  const rounds = file.readUInt32BE(ROUNDS_AT);
  // No program writes so many rounds: the file is damaged.
  if (rounds < 1 || rounds > MAX_ITERATIONS) return refused("wrong_passphrase_or_damaged");
  const { aesKey, macKey } = await deriveFileKeys(passphrase, file.subarray(SALT_AT, IV_AT), rounds);
  const signed = file.subarray(0, -MAC_BYTES);
  if (!timingSafeEqual(await macOf(signed, macKey, signal), file.subarray(-MAC_BYTES)))
    return refused("wrong_passphrase_or_damaged");
  const decipher = createDecipheriv("aes-256-ctr", aesKey, file.subarray(IV_AT, ROUNDS_AT));
  const list = new JsonList();
  const found = new Entries();
  for await (const piece of pieces(signed.subarray(CIPHERTEXT_AT), signal))
    for (const entry of list.push(decipher.update(piece))) found.add(entry);
  return list.hasEnded ? found.result() : refused("not_a_list");
}

function refused(mistake: KeyFileMistake): KeyFileResult {
  return { status: "refused", mistake };
}

/** The good entries. Of a session that is there twice, the one that opens more messages counts. */
class Entries {
  readonly #entries = new Map<string, KeyFileEntry>();
  #bad = 0;

  add(text: string): void {
    const entry = readFileEntry(text);
    if (entry === null) {
      this.#bad++;
      return;
    }
    const key = JSON.stringify([entry.roomId, entry.sessionId]);
    const other = this.#entries.get(key);
    if (other === undefined || entry.firstMessageIndex < other.firstMessageIndex)
      this.#entries.set(key, entry);
  }

  result(): KeyFileResult {
    return { status: "opened", content: { entries: [...this.#entries.values()] }, badEntries: this.#bad };
  }
}

/** @returns `null` if there is another character than base64 has */
async function decodeBase64(text: Buffer, signal: AbortSignal | undefined): Promise<Buffer | null> {
  // One buffer from the beginning: pieces and their sum would be in memory at once.
  const decoded = Buffer.alloc(Math.ceil((text.length * 3) / 4));
  let length = 0;
  let rest = "";
  for await (const piece of pieces(text, signal)) {
    const characters = rest + piece.toString("latin1").replace(/\s+/gu, "");
    if (/[^\w+/=-]/u.test(characters)) return null;
    const whole = characters.length - (characters.length % 4);
    length += decoded.write(characters.slice(0, whole), length, "base64");
    rest = characters.slice(whole);
  }
  length += decoded.write(rest, length, "base64");
  return decoded.subarray(0, length);
}

async function macOf(bytes: Buffer, key: Buffer, signal: AbortSignal | undefined): Promise<Buffer> {
  const mac = createHmac("sha256", key);
  for await (const piece of pieces(bytes, signal)) mac.update(piece);
  return mac.digest();
}

/** The pieces of the bytes. Other work is done between them. */
async function* pieces(bytes: Buffer, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
    await setImmediate();
    signal?.throwIfAborted();
  }
}
