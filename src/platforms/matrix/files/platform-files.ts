import type { PlatformFiles } from "../../files.ts";
import { parseUserId, serverNameOf } from "../ids/identifiers.ts";
import type { OpenAccountOptions } from "../open-account.ts";
import { openAccount } from "../open-account.ts";
import { exportData } from "./export-data.ts";
import { exportRooms } from "./export-rooms.ts";
import type { FileReader } from "./file-reader.ts";
import type { ServerHealth } from "./server-health.ts";

export interface MatrixFilesOptions {
  readonly reader: Pick<FileReader, "read">;
  readonly health: Pick<ServerHealth, "isAnswering">;
  readonly opening: OpenAccountOptions;
}

/** Files to keep before a server dies, and what they say when it is gone. */
export function createMatrixFiles({ reader, health, opening }: MatrixFilesOptions): PlatformFiles {
  return {
    rooms: (account, options) => exportRooms(openAccount(account, opening), options),
    data: (account, options) => exportData(openAccount(account, opening), options),
    read: (bytes, signal) => reader.read(bytes, signal),
    isAnswering: async (userId, signal) => {
      const serverName = serverNameOf(userId);
      return serverName !== null && (await health.isAnswering(serverName, signal));
    },
    userId: (typed) => parseUserId(typed)?.userId ?? null,
  };
}
