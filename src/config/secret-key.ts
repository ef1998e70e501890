import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigurationError } from "./configuration.ts";

/** AES-256 and XChaCha20 both take 32 bytes. */
const KEY_BYTES = 32;

/**
 * The key that seals stored secrets, from its file (base64). The file is created if there is none,
 * unless an earlier key is missing.
 * @param isEarlierNeeded whether anything is sealed with an earlier key
 * @returns `isNew` if it was created
 * @throws ConfigurationError if the file is missing and needed, holds something else, or cannot be
 * read or created
 */
export async function loadOrCreateSecretKey(
  path: string,
  isEarlierNeeded: () => boolean = () => false,
): Promise<{ key: Buffer; isNew: boolean }> {
  const existing = await explained(path, () => readKey(path));
  if (existing !== null) return { key: existing, isNew: false };
  if (isEarlierNeeded()) {
    throw keyFault(
      `${path} is missing, and dataDir holds secrets that only this key opens; restore the file from a copy, or move dataDir away to begin anew`,
    );
  }
  return await explained(path, async () => {
    // False if another process created the file in between. Its key is used.
    const isNew = await createKey(path);
    return { key: await mustReadKey(path), isNew };
  });
}

/** @throws ConfigurationError */
async function explained<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw keyFault(
      `${path} cannot be read or made: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function readKey(path: string): Promise<Buffer | null> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  });
  if (text === null) return null;
  const key = Buffer.from(text.trim(), "base64");
  if (
    key.length !== KEY_BYTES ||
    key.toString("base64").replace(/=+$/, "") !== text.trim().replace(/=+$/, "")
  ) {
    throw keyFault(
      `${path} does not hold a key (${String(KEY_BYTES)} bytes in base64); restore it from a copy, or move it away to begin with a new one`,
    );
  }
  return key;
}

async function mustReadKey(path: string): Promise<Buffer> {
  const key = await readKey(path);
  if (key === null) throw keyFault(`${path} vanished while it was read`);
  return key;
}

/** Creates the complete file or none. Returns false if it exists already. */
async function createKey(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    const file = await open(unfinished, "wx", 0o600);
    try {
      await file.writeFile(`${randomBytes(KEY_BYTES).toString("base64")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike rename, link never replaces a key that another process has just created.
    await link(unfinished, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

// The directory entry must survive a power failure too. Without the key, everything it sealed is
// lost.
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function keyFault(message: string): ConfigurationError {
  return new ConfigurationError([{ path: "secretKeyFile", message, line: null }]);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
