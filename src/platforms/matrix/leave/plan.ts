import type { ContactRecords } from "../../../model/contact.ts";
import { isNamed } from "../../../model/filters.ts";
import type { PlannedStep } from "../../../model/step.ts";
import type { KeptInRoomReason, LeaveFacts, LeaveOrder, Proposal, RoomKept } from "../../contact.ts";
import { isFinal } from "../../contact.ts";
import type { KeyFacts, UnusableByRoom } from "../categories/room-keys/plan.ts";
import type { RoomPlan } from "../planning/plan-rooms.ts";
import type { PlannedRoom } from "../planning/planned-room.ts";
import { plannedStep } from "../planning/planned-step.ts";
import { reportRoom } from "../report/report.ts";
import { isOfServerNotices } from "../rooms/known-bots.ts";
import { isUnreadable } from "../rooms/room-snapshot.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { AccountSnapshot, RoomSnapshot } from "../rooms/types.ts";
import { lastReplacement } from "../rooms/upgrades.ts";
import type { KeysOfRoom, SeenRoom } from "./guards.ts";
import { accessReason, askedReason, isPowerGivenBack, isShutOut, keysReason } from "./guards.ts";
import type { LeavingPayload } from "./payload.ts";

/** Both accounts as they were read, and what the order depends on besides. */
export interface LeavingInput {
  readonly order: LeaveOrder;
  readonly source: AccountSnapshot;
  readonly target: AccountSnapshot;
  readonly decided: Pick<RoomPlan, "rooms" | "replacements">;
  readonly keys: KeyFacts;
  readonly unusableKeys: UnusableByRoom;
  readonly records: ContactRecords;
  /** What the people in the rooms read. */
  readonly reason: string;
  /** In milliseconds since the epoch. */
  readonly now: number;
  /** What the rooms would lose that `roomsToJudge` named, by room ID. */
  readonly losses: ReadonlyMap<string, Loss>;
}

/** What a room would lose in which the target is not, or has less power. */
export type Loss = Extract<KeptInRoomReason, { code: "alone" | "last_admin" | "unreadable" }> | null;

/** A room that the source has joined and may leave. */
interface Judged extends SeenRoom {
  readonly row: PlannedRoom;
  readonly reasons: readonly KeptInRoomReason[];
  readonly lacksKeys: boolean;
}

/** The rooms whose losses must be read, because the target cannot take the place of the source. */
export function roomsToJudge(input: LeavingInput): SeenRoom[] {
  return chosenRooms(input).judged.filter(({ reasons }) => reasons.some(mayLose));
}

function mayLose({ code }: KeptInRoomReason): boolean {
  return code === "not_moved" || code === "less_power";
}

/** The rooms that the source leaves, and those in which it stays. Spaces are left last. */
export function planLeaving(input: LeavingInput): Proposal<LeaveFacts> {
  const { order, reason } = input;
  const { judged, outside } = chosenRooms(input);
  const left = judged.filter(({ reasons }) => reasons.length === 0);
  const kept = judged.filter(({ reasons }) => reasons.length > 0);
  const begun =
    order.anyway === null
      ? left
      : kept.filter(({ row, reasons }) => row.roomId === order.anyway && !reasons.some(isFinal));
  const facts: LeaveFacts = {
    leaves: left.map((room) => ({
      room: reportRoom(room.row),
      dropsPower: isPowerGivenBack(room, accountsOf(input)),
      isUnheard: isShutOut(room.byTarget ?? room.bySource, input.source.userId),
      lacksKeys: room.lacksKeys,
    })),
    kept: kept.map((room): RoomKept => ({ room: reportRoom(room.row), reasons: room.reasons })),
    outside: outside.map((row) => reportRoom(row)),
    reason,
  };
  const spacesLast = begun.toSorted((one, other) => Number(one.row.isSpace) - Number(other.row.isSpace));
  return {
    facts,
    exact: exactOf(facts),
    steps: spacesLast.flatMap((room) => stepsOf(room, input)),
    rooms: [],
  };
}

function exactOf({ leaves, kept, reason }: LeaveFacts): unknown {
  return {
    reason,
    leaves: leaves
      .map(({ room, ...ways }) => [room.roomId, ways.dropsPower, ways.isUnheard, ways.lacksKeys])
      .toSorted(),
    kept: kept.map(({ room, reasons }) => [room.roomId, ...reasons.map(({ code }) => code)]).toSorted(),
  };
}

function accountsOf({ source, target }: Pick<LeavingInput, "source" | "target">) {
  return { sourceUserId: source.userId, targetUserId: target.userId };
}

/** The rooms of the order. Without named rooms, those in which the target is. */
function chosenRooms(input: LeavingInput): { judged: Judged[]; outside: PlannedRoom[] } {
  const { order, source, decided } = input;
  const isNamedRoom = (row: PlannedRoom): boolean => order.rooms.some((word) => isNamed(row, word));
  const isAll = order.rooms.length === 0;
  const judged: Judged[] = [];
  const outside: PlannedRoom[] = decided.replacements.filter(isNamedRoom);
  for (const row of decided.rooms) {
    if (!isAll && !isNamedRoom(row)) continue;
    const bySource = source.rooms.get(row.roomId);
    if (bySource?.membership !== "join") {
      if (!isAll) outside.push(row);
      continue;
    }
    const seen = { bySource, byTarget: targetRoomOf(bySource, input) };
    const isMoved = accessReason(seen, accountsOf(input))?.code !== "not_moved";
    if (!isAll || (isMoved && row.route !== "excluded")) judged.push(judge(row, seen, input));
  }
  return { judged, outside };
}

/** The room in which the target is: the room itself, else its last replacement. */
function targetRoomOf(
  bySource: RoomSnapshot,
  { source, target }: Pick<LeavingInput, "source" | "target">,
): RoomSnapshot | undefined {
  const same = target.rooms.get(bySource.roomId);
  if (same?.membership === "join") return same;
  // The target may know of later upgrades, because it is in a room that the source is not in.
  const replacement = lastReplacement(bySource, new Map([...target.rooms, ...source.rooms]));
  return replacement === null ? same : (target.rooms.get(replacement.roomId) ?? same);
}

function judge(row: PlannedRoom, seen: SeenRoom, input: LeavingInput): Judged {
  const { order, source, records, losses, now } = input;
  const { bySource } = seen;
  const { roomId } = bySource;
  const of = (reasons: readonly KeptInRoomReason[], lacksKeys = false): Judged => ({
    ...{ row, ...seen, reasons, lacksKeys },
  });
  if (isOfServerNotices(bySource, source.userId)) return of([{ code: "server_notices" }]);
  // A chat that the bot opened is left out of plans too. It is no chat with the bot.
  const isOpened = records.chats.some((chat) => chat.roomId === roomId);
  if (row.route === "excluded" && !isOpened) return of([{ code: "bot_chat" }]);
  if (isUnreadable(bySource)) return of([{ code: "unreadable" }]);
  const access = accessReason(seen, accountsOf(input));
  const keys = keysReason(bySource.encryption.kind === "present", keysOf(roomId, input));
  const asked = askedReason(records.asked, [roomId, seen.byTarget?.roomId ?? roomId], now);
  // A room that is kept is left by a word of its own, so all that would be lost is said there.
  const isLifted = order.withoutKeys && keys !== null && access === null && asked === null;
  const reasons = [
    ...withLoss(access, losses.get(roomId) ?? null),
    ...(keys === null || isLifted ? [] : [keys]),
    ...(asked === null ? [] : [asked]),
  ];
  return of(reasons, isLifted);
}

/** The last admin has less than its full power in the new account, so that one reason says it. */
function withLoss(access: KeptInRoomReason | null, loss: Loss): KeptInRoomReason[] {
  if (access === null) return [];
  if (loss === null) return [access];
  return access.code === "less_power" && loss.code === "last_admin" ? [loss] : [access, loss];
}

/** `null`: not known. */
function keysOf(roomId: string, { keys, unusableKeys }: LeavingInput): KeysOfRoom | null {
  const found = keys.kind === "compared" ? keys.rooms.get(roomId) : undefined;
  return found === undefined ? null : { ...found, unusable: unusableKeys.get(roomId) ?? 0 };
}

function stepsOf(room: Judged, input: LeavingInput): PlannedStep[] {
  const { row, bySource, byTarget } = room;
  const { roomId, name, alias } = row;
  const { keys, unusableKeys, reason } = input;
  const from = keys.kind === "compared" ? keys.from : null;
  const payload: LeavingPayload = {
    ...{ roomId, name, alias, reason },
    movedTo: byTarget?.roomId ?? roomId,
    creation: creationOf(byTarget ?? bySource),
    isEncrypted: bySource.encryption.kind === "present",
    unusable: from && { from, count: unusableKeys.get(roomId) ?? 0 },
    accepted: [
      ...room.reasons.map(({ code }) => code),
      // Where keys are complete, the person has not confirmed that some may be lost.
      ...(room.lacksKeys ? (["keys_missing"] as const) : []),
    ],
  };
  const leave = step("leave_room", payload);
  if (!isPowerGivenBack(room, accountsOf(input))) return [leave];
  const drop = step("drop_power", payload);
  return [drop, { ...leave, after: drop.key }];
}

function creationOf({ create }: RoomSnapshot): LeavingPayload["creation"] {
  const creation = valueOf(create);
  if (creation === null) return null;
  const { sender, roomVersion, creator, additionalCreators } = creation;
  return { sender, roomVersion, creator, additionalCreators };
}

function step(kind: "drop_power" | "leave_room", payload: LeavingPayload): PlannedStep {
  const { roomId } = payload;
  return plannedStep({
    key: `${kind}:${roomId}`,
    kind,
    side: "source",
    limits: ["messages"],
    roomId,
    payload,
  });
}
