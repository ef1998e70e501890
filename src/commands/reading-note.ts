import { isFromFile } from "../model/account.ts";
import { serverNameOf } from "../platforms/matrix/ids/identifiers.ts";
import type { PeoplesAccounts } from "../service/accounts/peoples-accounts.ts";
import { askingAboutRooms, readingAccounts } from "../view/account/reading.ts";
import type { Message } from "../view/document/message.ts";

/** What is said while something is decided about a person's two accounts. */
export async function readingNote(owner: string, accounts: Pick<PeoplesAccounts, "of">): Promise<Message> {
  const { source, target } = await accounts.of(owner);
  return source !== null && target !== null && isFromFile(source)
    ? askingAboutRooms(serverNameOf(target.userId) ?? target.userId)
    : readingAccounts();
}
