import type { KnownMember } from "../rooms/types.ts";
import { readMember } from "../rooms/state-content.ts";

export const ABSENT_MEMBER: KnownMember = { membership: "leave", displayName: null, lastActiveAt: null };

/** A member as its event's content describes it; absent if there is no membership in it. */
export function knownMember(content: unknown): KnownMember {
  const member = readMember(content, null, null);
  if (member.kind !== "present") return ABSENT_MEMBER;
  return { membership: member.value.membership, displayName: member.value.displayName, lastActiveAt: null };
}
