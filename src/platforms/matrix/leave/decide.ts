import type { Known, LeaveFacts, LeaveOrder, Proposal } from "../../contact.ts";
import type { ContactInput } from "../contact/contact-input.ts";
import { textFacts } from "../contact/contact-input.ts";
import { concurrently } from "../reading/concurrently.ts";
import { CONCURRENCY } from "../reading/limits.ts";
import { unlessUnreadable } from "../reading/unless-unreadable.ts";
import { accessReason } from "./guards.ts";
import { lossOf } from "./look.ts";
import type { LeavingInput, Loss } from "./plan.ts";
import { planLeaving, roomsToJudge } from "./plan.ts";

/**
 * Plans which rooms the source leaves. It reads who else has power where the target cannot take its
 * place.
 * @throws HomeserverError, UnreachableError
 */
export async function decideLeaving(
  order: LeaveOrder,
  known: Known,
  contact: ContactInput,
): Promise<Proposal<LeaveFacts>> {
  const { asking, readings, parties, decided, keys, unusableKeys } = contact;
  const input: LeavingInput = {
    ...{ order, decided, keys, unusableKeys, records: known.records, now: known.now },
    source: readings.source.snapshot,
    target: readings.target.snapshot,
    reason: known.texts.leavingReason(textFacts(contact, order.reason)),
    losses: new Map(),
  };
  const losses = new Map<string, Loss>();
  const { sourceUserId: userId, targetUserId } = parties;
  await concurrently(roomsToJudge(input), CONCURRENCY, async (room) => {
    const { roomId } = room.bySource;
    const isMoved = accessReason(room, parties)?.code === "less_power";
    const companion = isMoved ? targetUserId : null;
    const found = await unlessUnreadable(asking.reader, roomId, async (client) => ({
      loss: await lossOf({ roomId, userId, companion, client }),
    }));
    losses.set(roomId, found === null ? { code: "unreadable" } : found.loss);
  });
  return planLeaving({ ...input, losses });
}
