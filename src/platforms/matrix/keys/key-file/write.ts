import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { BEGIN, deriveFileKeys, END, PIECE_BYTES, VERSION } from "./format.ts";

/** Bytes of one line: 128 characters. */
const LINE_BYTES = 96;

/** Element's number of rounds. */
export const ROUNDS = 500_000;

/**
 * Writes a key file as Element does.
 * @param entries the JSON text of each entry
 */
export async function writeKeyFile(
  entries: readonly string[],
  passphrase: string,
  rounds = ROUNDS,
): Promise<Buffer> {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  // Some programs count in 64 bits. A counter that starts low enough never overflows them.
  iv.writeUInt8(iv.readUInt8(8) & 0x7f, 8);
  const written = new Lines();
  const roundsBytes = Buffer.alloc(4);
  roundsBytes.writeUInt32BE(rounds);
  const { aesKey, macKey } = await deriveFileKeys(passphrase, salt, rounds);
  const cipher = createCipheriv("aes-256-ctr", aesKey, iv);
  const mac = createHmac("sha256", macKey);
  const header = Buffer.concat([Buffer.from([VERSION]), salt, iv, roundsBytes]);
  mac.update(header);
  written.add(header);
  const encrypt = async (text: string): Promise<void> => {
    const encrypted = cipher.update(text, "utf8");
    mac.update(encrypted);
    written.add(encrypted);
    await setImmediate();
  };
  let text = "[";
  for (const [index, entry] of entries.entries()) {
    text += index === 0 ? entry : `,${entry}`;
    if (text.length < PIECE_BYTES) continue;
    await encrypt(text);
    text = "";
  }
  await encrypt(`${text}]`);
  written.add(mac.digest());
  return written.file();
}

/** The largest list, in bytes, whose key file has at most this size. */
export function listBytesIn(fileBytes: number): number {
  const lines = Math.floor((fileBytes - BEGIN.length - END.length - 2) / 129);
  return lines * LINE_BYTES - 69;
}

/** Base64 in lines between the markers. */
class Lines {
  readonly #pieces: Buffer[] = [Buffer.from(`${BEGIN}\n`)];
  #rest: Buffer = Buffer.alloc(0);

  add(bytes: Buffer): void {
    const all = Buffer.concat([this.#rest, bytes]);
    const whole = all.length - (all.length % LINE_BYTES);
    if (whole > 0) this.#write(all.subarray(0, whole));
    this.#rest = all.subarray(whole);
  }

  file(): Buffer {
    if (this.#rest.length > 0) this.#write(this.#rest);
    return Buffer.concat([...this.#pieces, Buffer.from(`${END}\n`)]);
  }

  #write(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes.toString("base64").replace(/.{1,128}/g, "$&\n")));
  }
}
