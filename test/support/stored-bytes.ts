import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Everything that stands in the files below a folder, as raw bytes, whatever the files are; `isWanted` chooses among their paths. */
export async function bytesOfFolder(folder: string, isWanted: (path: string) => boolean = () => true): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.filter(isWanted);
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
}
