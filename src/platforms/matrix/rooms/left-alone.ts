import type { RoomSnapshot } from "./types.ts";

/**
 * Whether an account is alone in a chat to which nobody is invited: the partner has declined the
 * invitation, or has left. False if a server does not count the members.
 */
export function isLeftAlone({
  membership,
  joinedCount,
  invitedCount,
}: Pick<RoomSnapshot, "membership" | "joinedCount" | "invitedCount">): boolean {
  return membership === "join" && joinedCount === 1 && invitedCount === 0;
}
