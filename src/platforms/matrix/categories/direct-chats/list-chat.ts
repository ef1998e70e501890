import { readAccountData, writeAccountData } from "../../api/account-data.ts";
import type { StepScope } from "../../steps/define-step.ts";
import { addRoom, directContent, isListed } from "./direct-content.ts";
import { DIRECT_CHATS_TYPE } from "./plan.ts";

const PLACE = { roomId: null, type: DIRECT_CHATS_TYPE };

/**
 * For reading and writing the direct chats of an account. A move and new chats may write them at
 * the same time.
 */
export function inTurnForChats<Result>(
  userId: string,
  { inTurn }: Pick<StepScope<unknown>, "inTurn">,
  work: () => Promise<Result>,
): Promise<Result> {
  return inTurn.run(`${userId} ${DIRECT_CHATS_TYPE}`, work);
}

/**
 * Adds a room to the direct chats of the acting account. The list is read right before. Content
 * that cannot be read stays as it is.
 */
export async function listChat(
  { roomId, partner }: { roomId: string; partner: string },
  { own, inTurn }: Pick<StepScope<unknown>, "own" | "inTurn">,
): Promise<void> {
  await inTurnForChats(own.userId, { inTurn }, async () => {
    const content = await readAccountData(own, PLACE);
    if (content === null) return;
    const direct = directContent(content);
    if (isListed(direct, partner, roomId)) return;
    addRoom(direct, partner, roomId);
    await writeAccountData(own, PLACE, Object.fromEntries(direct));
  });
}
