import type { Side } from "../../../../model/account.ts";
import { sides } from "../../../../model/account.ts";
import type { ReportRoom } from "../../../../model/report.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import type { Known, Proposal } from "../../../contact.ts";
import type { AnnounceFacts, AnnounceLeftReason, AnnounceOrder } from "../../../telling.ts";
import type { RoomPlan } from "../../planning/plan-rooms.ts";
import type { PlannedRoom } from "../../planning/planned-room.ts";
import { plannedStep } from "../../planning/planned-step.ts";
import type { AccountReading } from "../../reading/account-reading.ts";
import { reportRoom } from "../../report/report.ts";
import { isOfServerNotices } from "../../rooms/known-bots.ts";
import type { RoomSnapshot } from "../../rooms/types.ts";
import type { ContactInput } from "../contact-input.ts";
import { textFacts } from "../contact-input.ts";
import { maySpeak } from "../messages/may-speak.ts";
import type { SendMessagePayload } from "../payloads.ts";

/** Rooms with more joined members are told only if they are named. */
const MAX_MEMBERS_TOLD = 20;
/** A room that was told within this time is told again only if it is named. */
const TOLD_AGAIN_AFTER_MS = 14 * 24 * 3_600_000;

/** The two accounts as they were read, and the plan of their rooms. */
export type AnnouncementInput = Pick<ContactInput, "parties"> & {
  readonly readings: Readonly<Record<Side, Pick<AccountReading, "snapshot" | "profile">>>;
  readonly decided: Pick<RoomPlan, "rooms">;
};

/** A message to rooms about the new account, by the source and, if asked for, by the target. */
export function planAnnouncement(
  input: AnnouncementInput,
  order: AnnounceOrder,
  known: Known,
): Proposal<AnnounceFacts> {
  const told: AnnounceFacts["rooms"][number][] = [];
  const left: AnnounceFacts["left"][number][] = [];
  for (const planned of input.decided.rooms) {
    const choice = chosen(planned, input, order, known);
    if (choice === "not_meant") continue;
    const room = reportRoom(planned);
    if (typeof choice === "string") left.push({ room, why: choice });
    else told.push({ room, members: choice.joinedCount, by: speakers(choice, input, order) });
  }
  const texts = textsBy(told, input, order, known);
  const steps = told.flatMap(({ room, by }) =>
    by.map((side) => messageStep(side, room, textOf(texts, side), order)),
  );
  return {
    facts: { rooms: told, texts, left },
    // A server lists rooms in another order after each event.
    exact: { rooms: told.map(({ room, by }) => `${room.roomId} ${by.join(" ")}`).toSorted(), texts },
    steps,
    rooms: [],
  };
}

/**
 * The room as the source sees it if it is told, otherwise why not. `not_meant`: the order is not
 * about it.
 */
function chosen(
  planned: PlannedRoom,
  { readings }: AnnouncementInput,
  order: AnnounceOrder,
  { records, now }: Known,
): RoomSnapshot | AnnounceLeftReason | "not_meant" {
  const { roomId, isDirect } = planned;
  const { source, target } = { source: readings.source.snapshot, target: readings.target.snapshot };
  const room = source.rooms.get(roomId);
  const isNamed = order.rooms.includes(roomId);
  if (order.rooms.length > 0 && !isNamed) return "not_meant";
  const never = neverTold(planned, room, { chats: records.chats, userId: source.userId });
  if (never !== null) return isNamed ? never : "not_meant";
  if (room === undefined) return "not_meant";
  if (!isNamed && order.which === (isDirect ? "small" : "direct")) return "not_meant";
  if (room.encryption.kind === "present") return "encrypted";
  if (room.encryption.kind !== "absent") return "unreadable";
  if (!isNamed) {
    if (target.rooms.get(roomId)?.membership !== "join") return "not_moved";
    // They are counted before, unless the list of members is too long or cannot be read.
    if (room.joinedCount === null) return "unreadable";
    if (room.joinedCount > MAX_MEMBERS_TOLD) return "too_large";
    const toldAt = records.announcedAt.get(roomId);
    if (toldAt !== undefined && now - toldAt < TOLD_AGAIN_AFTER_MS) return "told_recently";
  }
  return maySpeak(room, source.userId) ? room : "may_not_speak";
}

/** Why a room is told to nobody, whatever the order says; `null` if it may be told. */
function neverTold(
  { roomId, isSpace, route }: PlannedRoom,
  room: RoomSnapshot | undefined,
  { chats, userId }: { chats: Known["records"]["chats"]; userId: string },
): AnnounceLeftReason | null {
  if (room?.membership !== "join") return "not_in_room";
  if (isSpace) return "space";
  if (route === "excluded" || chats.some((chat) => chat.roomId === roomId)) return "excluded";
  if (isOfServerNotices(room, userId)) return "server_notices";
  return route === "successor" || room.tombstone.kind === "present" ? "replaced" : null;
}

/** The accounts that speak in a room that is told. */
function speakers(
  { roomId }: RoomSnapshot,
  { readings }: AnnouncementInput,
  { both }: AnnounceOrder,
): readonly Side[] {
  const target = readings.target.snapshot;
  const seen = target.rooms.get(roomId);
  const isTargetHeard = seen?.membership === "join" && maySpeak(seen, target.userId);
  return both && isTargetHeard ? ["source", "target"] : ["source"];
}

function textsBy(
  told: AnnounceFacts["rooms"],
  input: AnnouncementInput,
  { text }: AnnounceOrder,
  { texts }: Known,
): AnnounceFacts["texts"] {
  return sides
    .filter((side) => told.some(({ by }) => by.includes(side)))
    .map((by) => ({ by, text: texts.announcement({ ...textFacts(input, text), by }) }));
}

function textOf(texts: AnnounceFacts["texts"], side: Side): string {
  return texts.find(({ by }) => by === side)?.text ?? "";
}

/** Nobody is mentioned, so that `@room` in the text notifies nobody (CS §m.mentions). */
function messageStep(
  side: Side,
  { roomId, name }: ReportRoom,
  text: string,
  order: AnnounceOrder,
): PlannedStep {
  const payload: SendMessagePayload = {
    roomId,
    roomName: name,
    text,
    mentions: [],
    maxJoined: order.rooms.length > 0 ? null : MAX_MEMBERS_TOLD,
    purpose: { kind: "announce" },
  };
  return plannedStep({
    key: keyOf(side, roomId),
    kind: "send_message",
    side,
    limits: ["messages"],
    // The new account confirms what the old one has said.
    after: side === "target" ? keyOf("source", roomId) : null,
    payload,
  });
}

function keyOf(side: Side, roomId: string): string {
  return `announce:${side}:${roomId}`;
}
