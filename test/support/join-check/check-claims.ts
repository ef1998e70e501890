import { checkPeople } from "./check-people.ts";
import { checkFallbacks, checkSuccessors, checkWithoutHelp, enterInOrder } from "./check-routes.ts";
import type { RoomClaim, RoomClaims } from "./claim.ts";
import type { JoinCheck } from "./join-check.ts";
import { joinedRooms } from "./requests.ts";

/** Checks every claim. Each part continues with the rooms of the part before. */
export async function checkClaims(check: JoinCheck, { rooms, order }: RoomClaims): Promise<void> {
  await checkWithoutHelp(check, rooms);
  await enterInOrder(check, rooms, order);
  await checkSuccessors(check, rooms);
  await checkFallbacks(check, rooms);
  await checkPeople(check, rooms);
  await checkEnd(check, rooms);
}

/** At the end the target is in the rooms that it could enter, and in no other room. */
async function checkEnd(check: JoinCheck, rooms: readonly RoomClaim[]): Promise<void> {
  const joined = new Set(await joinedRooms(check.target));
  for (const claim of rooms) {
    const isExpected = endsInside(claim);
    check.expect(
      claim,
      `the target ends ${isExpected ? "outside" : "inside"}`,
      joined.has(claim.roomId) === isExpected,
    );
  }
}

/** A room that only knows the source by its knock or invitation needs a helper who answers. */
function endsInside({ route, reason, helpers }: RoomClaim): boolean {
  return (
    route !== "impossible" && route !== "successor" && (reason !== "source_not_joined" || helpers.length > 0)
  );
}
