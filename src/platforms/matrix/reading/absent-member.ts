import type { KnownMember } from "../rooms/types.ts";
import { readMember } from "../rooms/state-content.ts";

export const ABSENT_MEMBER: KnownMember = { membership: "leave", displayName: null, lastActiveAt: null };

/** What a member event's content tells; without a membership it counts as none. */
export function knownMember(content: unknown): KnownMember {
  const member = readMember(content, null, null);
  if (member.kind !== "present") return ABSENT_MEMBER;
  return { membership: member.value.membership, displayName: member.value.displayName, lastActiveAt: null };
}
