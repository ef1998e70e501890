import type { Known, Proposal } from "../../../contact.ts";
import type { AnnounceFacts, AnnounceOrder } from "../../../telling.ts";
import { withMemberCounts } from "../../reading/member-counts.ts";
import type { ContactInput } from "../contact-input.ts";
import type { AnnouncementInput } from "./plan.ts";
import { planAnnouncement } from "./plan.ts";

/**
 * A message to rooms about the new account. Members are counted where the server did not send their
 * number, and it decides whether a room is told.
 * @throws UnreadableAccountError
 */
export async function decideAnnouncement(
  input: AnnouncementInput & Pick<ContactInput, "asking" | "guarded">,
  order: AnnounceOrder,
  known: Known,
): Promise<Proposal<AnnounceFacts>> {
  const { asking, readings, decided } = input;
  const { snapshot } = readings.source;
  const moved = readings.target.snapshot.rooms;
  const rooms = decided.rooms
    .map(({ roomId }) => roomId)
    .filter((roomId) => moved.get(roomId)?.membership === "join")
    .filter((roomId) => snapshot.rooms.get(roomId)?.encryption.kind === "absent");
  const counted = await input.guarded(() =>
    withMemberCounts(asking.reader, snapshot, {
      rooms: order.rooms.length > 0 ? order.rooms : rooms,
      chats: new Set(),
    }),
  );
  const source = { ...readings.source, snapshot: counted };
  return planAnnouncement({ ...input, readings: { ...readings, source } }, order, known);
}
