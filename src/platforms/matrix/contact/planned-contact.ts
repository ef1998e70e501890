import type { PlannedContact } from "../../../model/contact.ts";
import type { StepOfRun } from "../../../model/run.ts";
import { openChatPayload, sendMessagePayload } from "./payloads.ts";

/** The contact that steps are about to make. @param steps that have not ended */
export function plannedContactOf(steps: readonly Pick<StepOfRun, "kind" | "payload">[]): PlannedContact {
  const planned = { rooms: new Set<string>(), helpers: new Set<string>(), partners: new Set<string>() };
  for (const { kind, payload } of steps) {
    const { data } = (kind === "open_chat" ? openChatPayload : sendMessagePayload).safeParse(payload);
    const purpose = data?.purpose;
    if (purpose?.kind === "direct_chat") planned.partners.add(purpose.partner);
    if (purpose?.kind !== "ask") continue;
    for (const roomId of purpose.roomIds) planned.rooms.add(roomId);
    for (const userId of [...purpose.userIds, ...purpose.followers.map((follower) => follower.userId)])
      planned.helpers.add(userId);
  }
  return planned;
}
