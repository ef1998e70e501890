import type { GivenName } from "../../../../model/contact.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import type { Proposal } from "../../../contact.ts";
import type { NameChange, RenameFacts, RenameLeftReason, RenameOrder } from "../../../telling.ts";
import { reportRoom } from "../../report/report.ts";
import { givingOf } from "./given-names.ts";
import type { RenamingInput } from "./input.ts";
import { exactNames, noRenaming } from "./input.ts";
import { nameBackStep, roomNameBackStep, roomUndoKey, undoKey } from "./names-back.ts";

/** A name in a room that goes back to the former one. */
interface RoomBack extends NameChange {
  readonly roomId: string;
  readonly step: PlannedStep;
}

/**
 * The former names of the source, where nobody has changed the given one since. The steps undo the
 * steps that gave the names, so a later `undo` of the move finds them undone.
 */
export function planNamesBack(
  input: RenamingInput,
  order: Pick<RenameOrder, "rooms">,
  isAllowed: boolean,
): Proposal<RenameFacts> {
  const { shown, givenNames, decided } = input;
  const from = shown.profile.displayName;
  const giving = order.rooms.length > 0 ? null : givingOf(givenNames, { shown: from, roomId: null });
  if (giving !== null && !isAllowed) return noRenaming("not_allowed");
  const back = roomsBack(input, order, giving);
  if (giving === null && back.length === 0 && order.rooms.length === 0)
    return noRenaming(whyNothing(givenNames, from));
  const row = new Map(decided.rooms.map((room) => [room.roomId, reportRoom(room)]));
  const named = back.flatMap(({ roomId, from: before, to }) => {
    const room = row.get(roomId);
    return room === undefined ? [] : [{ room, from: before, to }];
  });
  const isBack = new Set(back.map(({ roomId }) => roomId));
  const leftRooms = order.rooms.flatMap((roomId): RenameFacts["leftRooms"][number][] => {
    const room = row.get(roomId);
    return room === undefined || isBack.has(roomId) ? [] : [{ room, why: whyRoomLeft(input, roomId) }];
  });
  const joined = [...shown.snapshot.rooms.values()].filter(({ membership }) => membership === "join");
  const account = giving && { from, to: giving.former, rooms: joined.length, overwritten: 0 };
  return {
    facts: { account, named, leftRooms, left: null },
    exact: {
      back: account && [account.from, account.to],
      named: exactNames(back),
    },
    steps: [...(giving === null ? [] : accountBack(givenNames)), ...back.map(({ step }) => step)],
    rooms: [],
  };
}

/**
 * All steps that gave the account a name, newest first. Only one of their names is shown. The
 * others count as undone as well.
 */
function accountBack(givenNames: readonly GivenName[]): PlannedStep[] {
  return givenNames
    .filter(({ roomId }) => roomId === null)
    .map(({ runId, stepKey, given, former }) =>
      nameBackStep(undoKey(runId, stepKey), { name: given, former }),
    );
}

/**
 * The rooms that show a given name: those that had it alone, those that are named, and, after an
 * undo of the global name, those in which it had overwritten something.
 */
function roomsBack(
  { shown, givenNames }: RenamingInput,
  order: Pick<RenameOrder, "rooms">,
  account: GivenName | null,
): RoomBack[] {
  return [...shown.roomProfiles].flatMap(([roomId, { displayName }]) => {
    const isNamed = order.rooms.includes(roomId);
    const giving = givingOf(givenNames, { shown: displayName, roomId });
    if (giving === null || (order.rooms.length > 0 && !isNamed)) return [];
    const isOfRoom = giving.roomId === roomId;
    const isAlone = isOfRoom && !isGivenEverywhere(giving, givenNames);
    if (!isNamed && !isAlone && !(isOfRoom && account !== null)) return [];
    const { runId, stepKey, given, former, avatar } = giving;
    const key = isAlone ? undoKey(runId, stepKey) : roomUndoKey(runId, stepKey, roomId);
    const step = roomNameBackStep(key, {
      ...{ roomId, name: given, former },
      ...(account !== null && { everywhere: account.former, ...(avatar !== null && { avatar }) }),
    });
    return { roomId, from: displayName, to: former, step };
  });
}

function isGivenEverywhere({ runId, stepKey }: GivenName, givenNames: readonly GivenName[]): boolean {
  return givenNames.some(
    (other) => other.roomId === null && other.runId === runId && other.stepKey === stepKey,
  );
}

function whyNothing(givenNames: readonly GivenName[], from: string | null): RenameLeftReason {
  const last = givenNames.find(({ roomId }) => roomId === null);
  return last === undefined || last.former === from ? "nothing_to_undo" : "changed_since";
}

function whyRoomLeft({ shown, givenNames }: RenamingInput, roomId: string): RenameLeftReason {
  const own = shown.roomProfiles.get(roomId);
  if (own === undefined) return "not_in_room";
  const last = givenNames.find((name) => name.roomId === roomId);
  return last === undefined || last.former === own.displayName ? "nothing_to_undo" : "changed_since";
}
