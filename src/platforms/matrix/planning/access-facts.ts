import type { AccessFact, AccessFacts } from "../../../model/access-facts.ts";
import { levelOf, requiredFor } from "../rooms/power-levels/room-power.ts";
import type { StateRead } from "../rooms/state-read.ts";
import type { JoinRules, ServerAcl } from "../rooms/types.ts";
import type { RoomView } from "./room-view.ts";

/** Longer values are stored as a checksum: an ACL has up to 64 KiB. */
const MAX_VALUE = 80;

/**
 * The rule of a room that no server shows. The one of a file is no fact, so a refusal ends when a
 * server shows the room.
 */
const NOT_SHOWN: AccessFact = { value: "not shown", sentAt: null, position: null };

/** The facts that decide about the target's route into a room, in the form that a refusal keeps. */
export function accessFacts(view: RoomView, sourceUserId: string): AccessFacts {
  const { room } = view;
  return {
    member: memberFact(view),
    // A missing rule means `invite` (CS §m.room.join_rules).
    joinRule:
      room.fromFile?.isShown === false
        ? NOT_SHOWN
        : stateFact(room.joinRules, {
            sentAt: room.sentAt.joinRules,
            absent: "invite",
            textOf: ruleText,
          }),
    serverAcl: stateFact(room.serverAcl, { sentAt: room.sentAt.serverAcl, absent: "none", textOf: aclText }),
    invitePower: powerFact(view, sourceUserId),
  };
}

function memberFact({ targetMembership, targetMember, targetPosition }: RoomView): AccessFact {
  return {
    value: `${targetMember?.membership ?? targetMembership ?? "none"} ${targetMember?.sender ?? ""}`.trim(),
    sentAt: targetMember?.sentAt ?? null,
    position: targetPosition,
  };
}

function stateFact<Value>(
  state: StateRead<Value>,
  { sentAt, absent, textOf }: { sentAt: number | null; absent: string; textOf: (value: Value) => string },
): AccessFact | null {
  switch (state.kind) {
    case "unread":
      return null;
    case "absent":
      return { value: absent, sentAt, position: null };
    case "malformed":
      return { value: "malformed", sentAt, position: null };
    case "present":
      return { value: shortForm(textOf(state.value)), sentAt, position: null };
  }
}

function ruleText({ joinRule, allowedRoomIds }: JoinRules): string {
  return [joinRule ?? "none", ...allowedRoomIds.toSorted()].join(" ");
}

function aclText({ allow, deny, allowsIpLiterals }: ServerAcl): string {
  return JSON.stringify([allow, deny, allowsIpLiterals]);
}

function powerFact({ power, sourceMembership }: RoomView, sourceUserId: string): AccessFact | null {
  const level = levelOf(power, sourceUserId);
  const required = requiredFor(power, "invite");
  if (sourceMembership !== "join" || level === null || required === null) return null;
  return { value: `${level} of ${required}`, sentAt: null, position: null };
}

function shortForm(text: string): string {
  return text.length <= MAX_VALUE ? text : `${text.slice(0, 20)}… ${text.length} ${checksum(text)}`;
}

/** FNV-1a, 32 bits. It only has to detect ordinary changes, not hostile ones. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16);
}
