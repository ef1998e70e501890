import type { ImportedAccount } from "../../../model/room-file.ts";
import { isSameServer, serverPartOf } from "../ids/server-host.ts";
import type { OpenAccount } from "../open-account.ts";
import { guarded } from "../open-account.ts";
import type { AccountReading } from "../reading/account-reading.ts";
import { withResolvedAliases } from "../reading/aliases-of-files.ts";
import { readingFromFiles, serversOfFiles } from "../reading/reading-from-files.ts";

/** Finds the dead servers among these. */
export type DeadAmong = (serverNames: readonly string[]) => Promise<ReadonlySet<string>>;

/** The servers among these that were asked a short time ago, and lived. */
export type LivingAmong = (serverNames: readonly string[]) => ReadonlySet<string>;

/** In the place of files, where somebody has signed in the source. */
export const NO_FILES: ImportedAccount = {
  ...{ userId: "", importedAt: 0, writtenAt: 0, rooms: [], contacts: [], data: null },
};

/**
 * The files with the IDs of rooms that they name by aliases.
 * @param imported the service gives files with every source that nobody has signed in
 * @throws UnreadableAccountError if the target cannot be used
 */
export function resolvedFiles(
  imported: ImportedAccount | null,
  target: OpenAccount,
  deadAmong: DeadAmong,
): Promise<ImportedAccount> {
  if (imported === null) throw new Error("there are no files of an account that nobody has signed in");
  const reader = async () => (await target.readable()).reader;
  return guarded(target.account, async () => withResolvedAliases(imported, await reader(), deadAmong));
}

/** The account as its files describe it, without the servers that are gone. */
export async function readFiles(
  files: ImportedAccount,
  userId: string,
  {
    deadAmong,
    livingAmong,
    target,
    botUserId,
  }: {
    deadAmong: DeadAmong;
    livingAmong: LivingAmong;
    target: { readonly account: Pick<OpenAccount["account"], "userId"> };
    botUserId: string;
  },
): Promise<AccountReading> {
  const own = serverPartOf(userId);
  const named = serversOfFiles(files);
  const deadServers = await deadAmong(named);
  return readingFromFiles(files, {
    targetUserId: target.account.userId,
    botUserIds: [botUserId],
    deadServers: new Set([...deadServers, own, ...named.filter((name) => isSameServer(name, own))]),
    livingServers: livingAmong(named),
  });
}
