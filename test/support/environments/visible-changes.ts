import type { ServerEvent } from "../servers/account-on-server.ts";
import { kindOf } from "../servers/account-on-server.ts";
import type { FaultyMoveEnvironment } from "./faulty-move-environment.ts";

/** How often the two accounts made each visible change in each room since a time. */
export async function countVisibleChanges(
  { population, source, target }: FaultyMoveEnvironment,
  since: number,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { roomId, expected } of population.rooms) {
    const here = expected.successor ?? roomId;
    for (const event of await source.changes(here, since)) {
      if (event.sender !== source.userId && event.sender !== target.userId) continue;
      const what = `${isRenaming(event) ? "renaming" : kindOf(event)} by ${event.sender} in ${here}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  }
  return counts;
}

/** A name in one room is set by a new membership event. */
function isRenaming({ type, content, unsigned }: ServerEvent): boolean {
  return (
    type === "m.room.member" &&
    content["membership"] === "join" &&
    unsigned?.prev_content?.["membership"] === "join"
  );
}
