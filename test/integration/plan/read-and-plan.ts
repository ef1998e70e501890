import { decideRooms } from "../../../src/platforms/matrix/decide-rooms.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { AccountReading, ReadingMethod } from "../../../src/platforms/matrix/reading/account-reading.ts";
import { readAccount } from "../../../src/platforms/matrix/reading/read-account.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import type { Population } from "../../lab/population/population.ts";
import { meteredReader } from "../reading/meter.ts";

export interface ReadPlan {
  readonly plan: RoomPlan;
  readonly source: AccountReading;
}

/** Reads both accounts of a population by one of the three methods, and plans. */
export async function readAndPlan(
  pair: HomeserverPair,
  population: Population,
  how: ReadingMethod = "sliding_sync",
): Promise<ReadPlan> {
  const features = { unstableFeatures: { "org.matrix.simplified_msc3575": how === "sliding_sync" } };
  const [source, target] = [population.source, population.target].map(({ side, userId, accessToken }) => {
    const metered = meteredReader({ server: pair[side], accessToken }, { isSyncWhole: how !== "per_room" });
    return { userId, features, reader: metered.reader, close: metered.close };
  });
  if (source === undefined || target === undefined) throw new Error("a population without accounts");
  try {
    const [sourceReading, targetReading] = await Promise.all([
      readAccount(source.reader, { userId: source.userId, otherUserId: target.userId, features }),
      readAccount(target.reader, { userId: target.userId, otherUserId: source.userId, features }),
    ]);
    const readings = { source: sourceReading, target: targetReading };
    return { plan: await decideRooms({ source, target }, readings, {}), source: sourceReading };
  } finally {
    await source.close();
    await target.close();
  }
}
