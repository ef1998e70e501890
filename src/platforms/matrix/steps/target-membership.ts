import type { SeenMembership } from "../reading/state-now.ts";
import { membershipNow } from "../reading/state-now.ts";
import type { StepScope } from "./define-step.ts";
import { onServerOf } from "./step-errors.ts";

type Sessions = Pick<StepScope<unknown>, "source" | "target">;

/** Whether the target has joined a room, according to its own server. */
export async function isTargetJoined(roomId: string, { target }: Pick<Sessions, "target">): Promise<boolean> {
  return (await membershipNow(target, { roomId, userId: target.userId })) === "join";
}

/** The target's membership as the source sees it; `hidden` if nobody has signed in the source. */
export async function membershipSeenBySource(
  roomId: string,
  { source, target }: Sessions,
): Promise<SeenMembership> {
  return await seenBySource(source, { roomId, userId: target.userId });
}

/** The source's membership as its server shows it; `hidden` if nobody has signed it in. */
export async function membershipOfSource(
  roomId: string,
  { source }: Pick<Sessions, "source">,
): Promise<SeenMembership> {
  return await seenBySource(source, { roomId, userId: source.userId });
}

async function seenBySource(
  source: Sessions["source"],
  member: { roomId: string; userId: string },
): Promise<SeenMembership> {
  return source.isSignedIn ? await onServerOf("source", membershipNow(source, member)) : "hidden";
}
