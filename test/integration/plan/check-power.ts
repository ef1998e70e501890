import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import { powerLevelsContent } from "../../../src/platforms/matrix/rooms/power-levels/rewrite.ts";
import { roomPowerOf } from "../../../src/platforms/matrix/rooms/power-levels/room-power.ts";
import { valueOf } from "../../../src/platforms/matrix/rooms/state-read.ts";
import type { AccountSnapshot } from "../../../src/platforms/matrix/rooms/types.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { setState } from "../../lab/population/session.ts";
import type { JoinCheck } from "../../support/join-check/join-check.ts";
import { isAllowed, stateOf } from "../../support/join-check/requests.ts";

const MAX_CONCURRENT = 6;
const TYPE = "m.room.power_levels";
const levelsContent = z.looseObject({
  users: z.record(z.string(), z.number()).optional(),
  users_default: z.number().optional(),
});
type Levels = z.output<typeof levelsContent>;

/** Number of rooms by the outcome of the power levels in them. */
export type PowerCounts = Record<PlannedRoom["grant"]["outcome"] | "given by a helper", number>;

/**
 * Checks the power levels in every room that the target has joined:
 *  - a level that the plan says can be given is given, and nothing else changes;
 *  - a level that it says cannot be given is refused;
 *  - the helpers that it names can give that level.
 */
export async function checkPower(
  check: JoinCheck,
  plan: RoomPlan,
  source: AccountSnapshot,
): Promise<PowerCounts> {
  const tried = { none: 0, write: 0, cannot_write: 0, unreadable: 0, "given by a helper": 0 };
  const rows = plan.rooms.filter(
    ({ roomId }) => check.entered.has(roomId) && source.rooms.get(roomId)?.membership === "join",
  );
  await concurrently(rows, MAX_CONCURRENT, async (row) => {
    tried[row.grant.outcome] += 1;
    if (await checkRow(check, row, source)) tried["given by a helper"] += 1;
  });
  return tried;
}

/** @returns whether a helper gave the level */
async function checkRow(check: JoinCheck, row: PlannedRoom, snapshot: AccountSnapshot): Promise<boolean> {
  const { source, target } = check;
  const { roomId, grant } = row;
  const room = snapshot.rooms.get(roomId);
  if (room === undefined) throw new Error(`${roomId} was not read`);
  const creators = [...roomPowerOf(room).creators];
  const before = await levelsOf(source, roomId);
  const level = creators.includes(source.userId) ? "creator" : levelIn(before, source.userId);
  check.expect(row, `the source has ${level}, not ${row.power.source}`, level === row.power.source);
  if (grant.outcome === "none") {
    const has = levelIn(before, target.userId);
    check.expect(
      row,
      `the target has ${has}, not ${grant.wanted}`,
      grant.wanted !== "creator" && has >= grant.wanted,
    );
    return false;
  }
  const { wanted } = grant;
  if (wanted === "creator" || grant.outcome === "unreadable") {
    check.expect(row, "its levels are readable, and nobody becomes a creator", false);
    return false;
  }
  const right = { ...before, users: { ...before.users, [target.userId]: wanted } };
  if (grant.outcome === "write") {
    const roomVersion = valueOf(room.create)?.roomVersion ?? "";
    const made = powerLevelsContent({
      content: before,
      roomVersion,
      creators,
      userId: target.userId,
      level: wanted,
    });
    check.expect(
      row,
      "more would be written than the one level",
      made.kind === "content" && isDeepStrictEqual(made.content, right),
    );
    const content = made.kind === "content" ? made.content : {};
    check.expect(
      row,
      "the source may not give the level",
      await isAllowed(() => setState(source, roomId, { type: TYPE, content })),
    );
    check.expect(row, "other levels have changed", isDeepStrictEqual(await levelsOf(source, roomId), right));
    return false;
  }
  const mayWrite = await isAllowed(() => setState(source, roomId, { type: TYPE, content: right }));
  check.expect(row, "the source may give the level after all", !mayWrite);
  return checkHelpers(check, row, right);
}

/**
 * Each named person writes the same levels. A mark differs each time, because a server does not
 * check an event that changes nothing.
 */
async function checkHelpers(check: JoinCheck, row: PlannedRoom, right: Levels): Promise<boolean> {
  const warning = row.warnings.find(({ code }) => code === "power_not_transferable");
  check.expect(row, "no warning names the power that is lost", warning !== undefined);
  const helpers = warning?.code === "power_not_transferable" ? warning.helpers : [];
  for (const { userId } of helpers) {
    const helper = check.people.get(userId);
    const content = { ...right, "org.example.by": userId };
    const isAble =
      helper !== undefined && (await isAllowed(() => setState(helper, row.roomId, { type: TYPE, content })));
    check.expect(row, `${userId} may not give the level`, isAble);
  }
  return helpers.length > 0;
}

async function levelsOf(person: PopulationSession, roomId: string): Promise<Levels> {
  const levels = await stateOf(person, roomId, TYPE, levelsContent);
  if (levels === null) throw new Error(`${roomId} has no levels`);
  return levels;
}

function levelIn({ users = {}, users_default: byDefault = 0 }: Levels, userId: string): number {
  return users[userId] ?? byDefault;
}
