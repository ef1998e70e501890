import { describe, expect, it } from "vitest";
import { NO_HISTORY } from "../../../../../src/model/room-history.ts";
import { roomCategories } from "../../../../../src/platforms/matrix/planning/room-categories.ts";
import { powerStep } from "../../../../../src/platforms/matrix/planning/room-steps.ts";
import type { RawStateEvent } from "../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import { roomSnapshot } from "../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import { ADMIN, SOURCE, TARGET, plan } from "../../../../support/plans/planned-rooms.ts";

const ROOM = "!room:old.example";
const WITHOUT_TARGET = { users: { [ADMIN]: 100, [SOURCE]: 50 }, events: { "m.room.power_levels": 50 } };
const WITH_TARGET = { ...WITHOUT_TARGET, users: { ...WITHOUT_TARGET.users, [TARGET]: 50 } };

interface Seen {
  levels?: object;
  /** The target's member event. */
  target?: { membership: string; sender?: string; sentAt?: number; reason?: string } | null;
}

/** A public room as one of the two accounts sees it. Both have joined it, as far as it knows. */
function seenBy(
  userId: string,
  { levels = WITHOUT_TARGET, target = { membership: "join" } }: Seen,
): RoomSnapshot {
  const event = (type: string, content: object, stateKey = "", sender = ADMIN): RawStateEvent => ({
    type,
    state_key: stateKey,
    sender,
    content,
  });
  const member: RawStateEvent[] =
    target === null
      ? []
      : [
          {
            ...event(
              "m.room.member",
              { membership: target.membership, reason: target.reason },
              TARGET,
              target.sender ?? TARGET,
            ),
            origin_server_ts: target.sentAt,
          },
        ];
  return roomSnapshot({
    roomId: ROOM,
    ownUserId: userId,
    otherUserId: userId === SOURCE ? TARGET : SOURCE,
    membership: "join",
    events: [
      event("m.room.create", { room_version: "11" }),
      event("m.room.join_rules", { join_rule: "public" }),
      event("m.room.power_levels", levels),
      event("m.room.member", { membership: "join" }, SOURCE, SOURCE),
      event("m.room.member", { membership: "join" }, ADMIN, ADMIN),
      ...member,
    ],
    coverage: "full",
    isOtherMemberRead: true,
    joinedCount: 3,
    invitedCount: 0,
  });
}

function decided(bySource: Seen, byTarget: Seen, wasEntered = false) {
  const made = plan([seenBy(SOURCE, bySource)], {
    targetRooms: [seenBy(TARGET, byTarget)],
    histories: new Map([[ROOM, { ...NO_HISTORY, wasEntered }]]),
  });
  const [row] = made.rooms;
  if (row === undefined) throw new Error("the room is not in the plan");
  const levels = roomCategories(made.rooms).find(({ name }) => name === "power_levels");
  return { row, levels };
}

describe("power that one server shows and the other does not", () => {
  it("is reported as the new account's own server shows it, and is missing", () => {
    const { row, levels } = decided({ levels: WITH_TARGET }, { levels: WITHOUT_TARGET });
    expect([row.status, row.power]).toEqual(["done", { source: 50, wanted: 50, target: 0 }]);
    expect(levels).toMatchObject({ present: 0, missing: [`${ROOM} 50`] });
    // Another write would change nothing at the source's server.
    expect(powerStep(row)).toBeNull();
  });

  it("counts where both servers show it", () => {
    const { row, levels } = decided({ levels: WITH_TARGET }, { levels: WITH_TARGET });
    expect([row.power.target, row.differs.isPowerUnseenByTarget]).toEqual([50, false]);
    expect(levels).toMatchObject({ present: 1, missing: [] });
  });

  it("is given again where somebody took it away", () => {
    const { row, levels } = decided({ levels: WITHOUT_TARGET }, { levels: WITHOUT_TARGET });
    expect([row.power.target, powerStep(row)?.kind]).toEqual([0, "power_level"]);
    expect(levels).toMatchObject({ present: 0 });
  });
});

describe("a join that one server shows and the other does not", () => {
  const kick = { membership: "leave", sender: ADMIN, sentAt: 9, reason: "too early" };
  it.each<{ name: string; bySource: Seen; byTarget: Seen; status: string; isUnseen: boolean }>([
    {
      name: "done, and seen by both",
      bySource: {},
      byTarget: {},
      status: "done",
      isUnseen: false,
    },
    {
      name: "done, and not seen by the old server, which has no event",
      bySource: { target: null },
      byTarget: {},
      status: "done",
      isUnseen: true,
    },
    {
      name: "done, and not seen by the old server, which has an older event",
      bySource: { target: { ...kick, sentAt: 1 } },
      byTarget: { target: { membership: "join", sentAt: 5 } },
      status: "done",
      isUnseen: true,
    },
    {
      name: "a removal that the new server missed",
      bySource: { target: kick },
      byTarget: { target: { membership: "join", sentAt: 5 } },
      status: "needs_moderator",
      isUnseen: true,
    },
  ])("is $name", ({ bySource, byTarget, status, isUnseen }) => {
    const { row } = decided(bySource, byTarget, true);
    expect([row.status, row.differs.isUnseenBySource]).toEqual([status, isUnseen]);
  });

  it("names who removed the account, and why", () => {
    const { row } = decided({ target: kick }, { target: { membership: "join", sentAt: 5 } }, true);
    expect(row).toMatchObject({
      route: "ask_moderator",
      reason: { code: "refused", serverText: "too early", by: { userId: ADMIN, did: "removed" } },
      helpers: [{ userId: ADMIN }],
    });
  });
});
