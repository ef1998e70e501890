import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { concurrently } from "../../../src/platforms/matrix/reading/concurrently.ts";
import { setState } from "../../lab/population/session.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { powerLevelsContent } from "../../../src/platforms/matrix/rooms/power-levels/rewrite.ts";
import { roomPowerOf } from "../../../src/platforms/matrix/rooms/power-levels/room-power.ts";
import type { AccountSnapshot } from "../../../src/platforms/matrix/rooms/types.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import { valueOf } from "../../../src/platforms/matrix/rooms/state-read.ts";
import { isAllowed, stateOf } from "./court.ts";
import type { Court } from "./court.ts";

const LIMIT = 6;
const TYPE = "m.room.power_levels";
const levelsContent = z.looseObject({
  users: z.record(z.string(), z.number()).optional(),
  users_default: z.number().optional(),
});
type Levels = z.output<typeof levelsContent>;

/** Rooms by what came of the power in them. */
export type PowerTried = Record<PlannedRoom["grant"]["outcome"] | "given by a helper", number>;

/**
 * In every room the target got into: the level the plan can give is given and nothing else changes;
 * what it cannot give is refused, and whoever it names for that can give it.
 */
export async function tryPower(court: Court, plan: RoomPlan, source: AccountSnapshot): Promise<PowerTried> {
  const tried = { none: 0, write: 0, cannot_write: 0, unreadable: 0, "given by a helper": 0 };
  const rows = plan.rooms.filter(
    ({ roomId }) => court.entered.has(roomId) && source.rooms.get(roomId)?.membership === "join",
  );
  await concurrently(rows, LIMIT, async (row) => {
    tried[row.grant.outcome] += 1;
    if (await tryRow(court, row, source)) tried["given by a helper"] += 1;
  });
  return tried;
}

/** @returns whether a helper gave the level */
async function tryRow(court: Court, row: PlannedRoom, snapshot: AccountSnapshot): Promise<boolean> {
  const { source, target, check } = court;
  const { roomId, grant } = row;
  const room = snapshot.rooms.get(roomId);
  if (room === undefined) throw new Error(`${roomId} was not read`);
  const creators = [...roomPowerOf(room).creators];
  const before = await levelsOf(source, roomId);
  const level = creators.includes(source.userId) ? "creator" : levelIn(before, source.userId);
  check(row, `the source has ${level}, not ${row.power.source}`, level === row.power.source);
  if (grant.outcome === "none") {
    const has = levelIn(before, target.userId);
    check(
      row,
      `the target has ${has}, not ${grant.wanted}`,
      grant.wanted !== "creator" && has >= grant.wanted,
    );
    return false;
  }
  const { wanted } = grant;
  if (wanted === "creator" || grant.outcome === "unreadable") {
    check(row, "its levels are readable, and nobody becomes a creator", false);
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
    check(
      row,
      "more would be written than the one level",
      made.kind === "content" && isDeepStrictEqual(made.content, right),
    );
    const content = made.kind === "content" ? made.content : {};
    check(
      row,
      "the source may not give the level",
      await isAllowed(() => setState(source, roomId, { type: TYPE, content })),
    );
    check(row, "other levels have changed", isDeepStrictEqual(await levelsOf(source, roomId), right));
    return false;
  }
  const mayWrite = await isAllowed(() => setState(source, roomId, { type: TYPE, content: right }));
  check(row, "the source may give the level after all", !mayWrite);
  return tryHelpers(court, row, right);
}

/**
 * Each person named writes the levels, the same every time but for a mark, for an event that
 * changes nothing is not looked at.
 */
async function tryHelpers({ people, check }: Court, row: PlannedRoom, right: Levels): Promise<boolean> {
  const warning = row.warnings.find(({ code }) => code === "power_not_transferable");
  check(row, "nothing is said of the power that is lost", warning !== undefined);
  const helpers = warning?.code === "power_not_transferable" ? warning.helpers : [];
  for (const { userId } of helpers) {
    const helper = people.get(userId);
    const content = { ...right, "org.example.by": userId };
    const isAble =
      helper !== undefined && (await isAllowed(() => setState(helper, row.roomId, { type: TYPE, content })));
    check(row, `${userId} may not give the level`, isAble);
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
