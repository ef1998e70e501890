import type { Logger } from "pino";
import { loadOrCreateSecretKey } from "../config/secret-key.ts";
import { DataDirectoryInUseError } from "../store/process-lock.ts";
import { UnsealError } from "../store/sealed-secrets.ts";
import { holdsSecrets } from "../store/sqlite/holds-secrets.ts";
import { StorageError } from "../store/storage-error.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/store.ts";
import { eachOnce } from "../store/stored-json.ts";
import { NewerSchemaError } from "../store/upgrade.ts";
import { StartProblem } from "./start-problem.ts";

/**
 * Opens the data directory.
 * @throws StartProblem with a text for the operator
 */
export function openDataDirectory(
  { dataDir }: { dataDir: string },
  {
    secretKey,
    onStorageError = () => undefined,
    log,
  }: { secretKey: Buffer; onStorageError?: (error: StorageError) => void; log: Logger },
): Store {
  try {
    return openStore({
      dataDir,
      secretKey,
      onStorageError,
      reportUnreadable: eachOnce((row) => log.warn(row, "a stored row cannot be read")),
      reportTrouble: (error) =>
        log.error({ err: error }, "erased data could not be removed from the files yet; it is tried again"),
    });
  } catch (error) {
    throw asStartProblem(error);
  }
}

/**
 * The key of the stored secrets. Makes one at the first start.
 * @throws ConfigurationError, StartProblem with a text for the operator
 */
export async function openSecretKey(
  { dataDir, secretKeyFile: file }: { dataDir: string; secretKeyFile: string },
  log: Logger,
): Promise<Buffer> {
  const { key, isNew } = await loadOrCreateSecretKey(file, () => isSealed({ dataDir }));
  if (isNew) log.info({ file }, "created the secret key; keep a copy of it outside the data directory");
  return key;
}

/** Whether the data directory holds secrets that were sealed with an earlier key. */
function isSealed({ dataDir }: { dataDir: string }): boolean {
  try {
    return holdsSecrets(dataDir);
  } catch (error) {
    throw asStartProblem(error);
  }
}

/** An error of the stored data as a text for the operator; another error as it is. */
export function asStartProblem(error: unknown): unknown {
  const isKnown =
    error instanceof DataDirectoryInUseError ||
    error instanceof NewerSchemaError ||
    error instanceof StorageError ||
    error instanceof UnsealError;
  return isKnown ? new StartProblem(error.message, { cause: error }) : error;
}
