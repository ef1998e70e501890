import { createHash, randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "../../../../model/account.ts";

/** Keeps the key of each session's crypto account, sealed, as long as the session. */
export interface CryptoAccountKeys {
  /** `null`: none for this session. */
  get(account: Account): Promise<string | null>;
  /** False if the account is signed in with another session by now. */
  put(account: Account, key: string): Promise<boolean>;
  /** The sessions that have a key. */
  sessions(): Promise<readonly SessionPlace[]>;
}

/** Whose session it is, and of which account. */
export type SessionPlace = Pick<Account, "owner" | "side">;

/** Where the crypto accounts of the bot's sessions are. */
export interface SessionDevices {
  readonly keys: CryptoAccountKeys;
  readonly folder: string;
}

const KEY_BYTES = 32;

/** The crypto accounts of the bot's sessions: a folder each, encrypted with a key in the store. */
export class CryptoAccounts {
  readonly #store: CryptoAccountKeys;
  readonly #folder: string;

  constructor({ keys, folder }: SessionDevices) {
    this.#store = keys;
    this.#folder = folder;
  }

  /**
   * The crypto account of a session, or the place for a new one. `null`: the session is over.
   *
   * The key is stored before anything is encrypted with it. Files without a key are of an earlier
   * session, and nobody can read them.
   */
  async open(account: Account): Promise<{ path: string; key: Uint8Array } | null> {
    const path = join(this.#folder, nameOf(account));
    const stored = await this.#store.get(account);
    if (stored !== null) return { path, key: Buffer.from(stored, "base64") };
    await rm(path, { recursive: true, force: true });
    const key = randomBytes(KEY_BYTES);
    return (await this.#store.put(account, key.toString("base64"))) ? { path, key } : null;
  }

  /**
   * Removes the files of a session, and all files without a key: a process may have ended between
   * the end of a session and the removal of its files.
   */
  async remove(place: SessionPlace): Promise<void> {
    // Read before the keys: a new folder comes after its key.
    const names = await readdir(this.#folder).catch(() => []);
    const kept = new Set((await this.#store.sessions()).map(nameOf));
    kept.delete(nameOf(place));
    for (const name of names)
      if (!kept.has(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
  }
}

function nameOf({ owner, side }: SessionPlace): string {
  return createHash("sha256").update(`${side} ${owner}`).digest("hex");
}
