import type { PlannedStep } from "../../../../model/step.ts";
import type { Known, Proposal } from "../../../contact.ts";
import type { RenameFacts, RenameLeftReason, RenameOrder } from "../../../telling.ts";
import { canWriteField } from "../../categories/profile/plan.ts";
import { isServerDefault } from "../../categories/room-profiles/chosen.ts";
import { plannedStep } from "../../planning/planned-step.ts";
import { reportRoom } from "../../report/report.ts";
import { textFacts } from "../contact-input.ts";
import type { RenamingInput } from "./input.ts";
import { exactNames, noRenaming } from "./input.ts";
import type { RenameProfilePayload, RenameRoomPayload } from "./payloads.ts";
import { planNamesBack } from "./plan-names-back.ts";

/** Synapse's limit in code points (`MAX_DISPLAYNAME_LEN`, handlers/profile.py). */
const MAX_NAME_LENGTH = 256;

/** A new name of the source, everywhere or in some rooms, or the way back. */
export function planRenaming(
  input: RenamingInput,
  order: RenameOrder,
  { texts }: Pick<Known, "texts">,
): Proposal<RenameFacts> {
  const isAllowed = canWriteField("displayname", input.shown.capabilities);
  if (order.undo) return planNamesBack(input, order, isAllowed);
  const facts = textFacts(input, order.name);
  const nameFor = (name: string | null): string =>
    texts.newName({ ...facts, name: name ?? facts.name, maxLength: MAX_NAME_LENGTH });
  return order.rooms.length > 0
    ? renamingOfRooms(input, order, nameFor)
    : renamingOfAccount(input, order, nameFor, isAllowed);
}

type NameFor = (name: string | null) => string;

function renamingOfAccount(
  input: RenamingInput,
  order: RenameOrder,
  nameFor: NameFor,
  isAllowed: boolean,
): Proposal<RenameFacts> {
  const { shown, parties } = input;
  const former = input.readings.source;
  const name = nameFor(former.profile.displayName);
  const from = shown.profile.displayName;
  const left = isAllowed ? whyLeft(from, name, { ...parties, order }) : "not_allowed";
  if (left !== null) return noRenaming(left);
  const rooms = ownInRooms(input);
  const payload: RenameProfilePayload = { name, shown: from, former: former.profile.displayName, rooms };
  const step = renameStep("rename_profile", "rename_profile", payload);
  const joined = [...shown.snapshot.rooms.values()].filter(({ membership }) => membership === "join");
  return {
    facts: {
      account: { from, to: name, rooms: joined.length, overwritten: rooms.length },
      named: [],
      leftRooms: [],
      left: null,
    },
    exact: { account: [from, name] },
    steps: [step],
    rooms: [],
  };
}

/**
 * The names and pictures that the person chose for single rooms. They are remembered, because the
 * server overwrites both.
 */
function ownInRooms({ shown: { profile }, readings, parties }: RenamingInput): RenameProfilePayload["rooms"] {
  const former = readings.source;
  return [...former.roomProfiles].flatMap(([roomId, own]) => {
    const hasName = own.displayName !== null && own.displayName !== former.profile.displayName;
    const hasAvatar = own.avatarUrl !== null && own.avatarUrl !== profile.avatarUrl;
    if ((!hasName && !hasAvatar) || isServerDefault(own, parties.sourceUserId)) return [];
    const avatar =
      own.avatarUrl !== null && hasAvatar ? { own: own.avatarUrl, over: profile.avatarUrl } : null;
    return { roomId, former: own.displayName, avatar };
  });
}

function renamingOfRooms(
  { shown, readings, parties, decided }: RenamingInput,
  order: RenameOrder,
  nameFor: NameFor,
): Proposal<RenameFacts> {
  const former = readings.source;
  const named: RenameFacts["named"][number][] = [];
  const leftRooms: RenameFacts["leftRooms"][number][] = [];
  const steps: PlannedStep[] = [];
  for (const planned of decided.rooms.filter(({ roomId }) => order.rooms.includes(roomId))) {
    const { roomId } = planned;
    const room = reportRoom(planned);
    const existing = shown.roomProfiles.get(roomId);
    const before = former.roomProfiles.get(roomId)?.displayName ?? null;
    const name = nameFor(before ?? former.profile.displayName);
    const from = existing?.displayName ?? null;
    const why = existing === undefined ? "not_in_room" : whyLeft(from, name, { ...parties, order });
    if (why !== null) {
      leftRooms.push({ room, why });
      continue;
    }
    const payload: RenameRoomPayload = {
      ...{ roomId, roomName: room.name, name },
      ...{ shown: from, former: before },
    };
    named.push({ room, from, to: name });
    steps.push(renameStep("rename_room", `rename_room:${roomId}`, payload));
  }
  return {
    facts: { account: null, named, leftRooms, left: null },
    exact: { named: exactNames(named.map(({ room, from, to }) => ({ roomId: room.roomId, from, to }))) },
    steps,
    rooms: [],
  };
}

/**
 * Why a name is left as it is; `null` if it changes. A name that the person typed may replace one
 * that has the ID.
 */
function whyLeft(
  from: string | null,
  to: string,
  { targetUserId, order }: { targetUserId: string; order: Pick<RenameOrder, "name"> },
): RenameLeftReason | null {
  if (order.name === null && from?.includes(targetUserId) === true) return "has_id";
  if (from === to) return "same";
  return to === "" || Array.from(to).length > MAX_NAME_LENGTH ? "length" : null;
}

function renameStep(
  kind: "rename_profile" | "rename_room",
  key: string,
  payload: RenameProfilePayload | RenameRoomPayload,
): PlannedStep {
  return plannedStep({ key, kind, side: "source", limits: ["messages"], payload });
}
