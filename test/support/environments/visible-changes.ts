import type { ServerEvent } from "../servers/account-on-server.ts";
import { kindOf } from "../servers/account-on-server.ts";
import type { FaultyMoveEnvironment } from "./faulty-move-environment.ts";

/** How often either account did each thing that others can see, in each room since then. */
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

/** A name of the account's own in one room is a new event of its membership. */
function isRenaming({ type, content, unsigned }: ServerEvent): boolean {
  return (
    type === "m.room.member" &&
    content["membership"] === "join" &&
    unsigned?.prev_content?.["membership"] === "join"
  );
}
