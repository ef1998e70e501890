import type { SeenMembership } from "../reading/state-now.ts";
import { membershipNow } from "../reading/state-now.ts";
import type { StepScope } from "./define-step.ts";
import { onServerOf } from "./step-errors.ts";

type Sessions = Pick<StepScope<unknown>, "source" | "target">;

/** Whether the target has joined a room, according to its own server. */
export async function isTargetJoined(roomId: string, { target }: Pick<Sessions, "target">): Promise<boolean> {
  return (await membershipNow(target, { roomId, userId: target.userId })) === "join";
}

/** The target's membership as the source sees it. */
export async function membershipSeenBySource(
  roomId: string,
  { source, target }: Sessions,
): Promise<SeenMembership> {
  return await onServerOf("source", membershipNow(source, { roomId, userId: target.userId }));
}
