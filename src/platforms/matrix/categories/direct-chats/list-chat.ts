import type { AccountDataSession } from "../../api/account-data.ts";
import { readAccountData, writeAccountData } from "../../api/account-data.ts";
import { addRoom, directContent, isListed } from "./direct-content.ts";
import { DIRECT_CHATS_TYPE } from "./plan.ts";

const PLACE = { roomId: null, type: DIRECT_CHATS_TYPE };

/**
 * Adds a room to the direct chats of an account. The list is read right before. Content that cannot
 * be read stays as it is.
 */
export async function listChat(
  session: AccountDataSession,
  { roomId, partner }: { roomId: string; partner: string },
): Promise<void> {
  const content = await readAccountData(session, PLACE);
  if (content === null) return;
  const direct = directContent(content);
  if (isListed(direct, partner, roomId)) return;
  addRoom(direct, partner, roomId);
  await writeAccountData(session, PLACE, Object.fromEntries(direct));
}
