import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A file below a folder, as raw bytes. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * The files below a folder. Files that are deleted meanwhile (for example the journal of a database
 * in use) are left out.
 */
export async function filesOfFolder(folder: string): Promise<StoredFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => ({ path, bytes: await readFile(path).catch(nullIfGone) })),
  );
  return files.flatMap(({ path, bytes }) => (bytes === null ? [] : [{ path, bytes }]));
}

/** The bytes of all files whose path `isWanted` accepts. */
export async function bytesOfFolder(
  folder: string,
  isWanted: (path: string) => boolean = () => true,
): Promise<Buffer> {
  const files = await filesOfFolder(folder);
  return Buffer.concat(files.filter(({ path }) => isWanted(path)).map(({ bytes }) => bytes));
}

function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
