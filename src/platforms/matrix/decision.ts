import type { CategoryName } from "../../model/categories.ts";
import { category } from "../../model/categories.ts";
import type { PlanFilters } from "../../model/filters.ts";
import type { ImportedAccount } from "../../model/room-file.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { Decision, PlanFacts } from "../planning.ts";
import type { AccountContents } from "./categories/contents.ts";
import { compareContents, planContentSteps } from "./categories/registry.ts";
import type { KeyFacts, UnusableByRoom } from "./categories/room-keys/plan.ts";
import { reportKeys, roomKeysCategory } from "./categories/room-keys/plan.ts";
import type { ContactInput } from "./contact/contact-input.ts";
import { contactDecisions } from "./contact/decisions.ts";
import { planByFiles, sinceFiles } from "./files/file-facts.ts";
import { finishFacts } from "./finish/finish-facts.ts";
import { serverNameOf } from "./ids/identifiers.ts";
import type { RoomPlan } from "./planning/plan-rooms.ts";
import { roomRequestCounts } from "./planning/request-counts.ts";
import { roomCategories } from "./planning/room-categories.ts";
import { roomMapping } from "./planning/room-mapping.ts";
import { estimateTime } from "./planning/time-estimate.ts";
import type { AccountReading } from "./reading/account-reading.ts";
import { remainingWork, withoutHelp } from "./remaining-work.ts";
import { report, reportRoom } from "./report/report.ts";
import { INVITE_PERMISSION_TYPES } from "./rooms/invite-permission.ts";
import { openedRooms } from "./runs/opened-rooms.ts";
import { remainingSteps, revisedRooms } from "./runs/remaining-steps.ts";
import {
  withKeptRooms,
  isChosen as isChosenStep,
  profileSteps,
  stepsOfRooms,
  stepsOfWholePlan,
  unknownRooms,
} from "./runs/steps-of-run.ts";

/** Both accounts as they were read, and the plan of their rooms. */
export interface DecisionInput {
  readings: {
    source: AccountReading & Pick<AccountContents, "heldBackTypes" | "lostImages">;
    target: AccountReading;
  };
  decided: RoomPlan;
  keys: KeyFacts;
  unusableKeys: UnusableByRoom;
  /** With room IDs in place of aliases. */
  filters: PlanFilters;
  aliases: ReadonlyMap<string, string>;
  leftChats: readonly string[];
  /** What the person's files say about the source; `null`: nothing. */
  imported: ImportedAccount | null;
  generatedAt: Date;
  /** For decisions about contact. */
  contact: Omit<ContactInput, "readings" | "decided" | "keys" | "unusableKeys">;
}

export function decisionOf(whole: DecisionInput): Decision {
  const input = withHeldBack(whole, whole.decided.needInvitations.size > 0);
  const { readings, decided, keys, unusableKeys, filters, aliases, generatedAt, contact } = input;
  return {
    ...contactDecisions({ ...contact, readings, decided, keys, unusableKeys }),
    plan: planFacts(input),
    leftChats: input.leftChats,
    aliases,
    filters,
    methods: [readings.source.method, readings.target.method],
    wholePlan: (request) => stepsOfWholePlan({ decided, readings }, request),
    someRooms: (part) =>
      // Nobody can invite from an account that is known from files.
      readings.source.method === "file" && part.purpose === "invitations"
        ? { rooms: [], steps: [] }
        : stepsOfRooms({ decided }, part),
    finish: () => finishFacts({ source: contact.shown, target: readings.target }),
    profileSteps: () => profileSteps({ decided, readings }),
    unknownRooms: (named) => unknownRooms({ decided }, named),
    remaining(run, request) {
      const { rooms, again } = revisedRooms(decided, { ...run, now: generatedAt.getTime() });
      const { readings: present } = withHeldBack(whole, mayNeedInvitation(decided, rooms));
      const steps = remainingSteps({ decided, readings: present }, { ...run, rooms, request });
      return { rooms, steps, again };
    },
    opened: (run) => openedRooms(decided, { ...run, now: generatedAt.getTime() }),
  };
}

/** Settings that refuse invitations are held back while a room may need one. */
function withHeldBack(input: DecisionInput, isHeldBack: boolean): DecisionInput {
  const { readings } = input;
  if (!isHeldBack) return input;
  const source = { ...readings.source, heldBackTypes: INVITE_PERMISSION_TYPES };
  return { ...input, readings: { ...readings, source } };
}

/**
 * Whether a room of a run may still need an invitation. A run waits no longer for a room that the
 * person has left, or that the target's server does not admit, though a plan would try it.
 */
function mayNeedInvitation(
  { rooms, replacements, needInvitations }: RoomPlan,
  revised: readonly RunRoom[],
): boolean {
  const planned = new Map([...rooms, ...replacements].map(({ roomId, status }) => [roomId, status]));
  const given = new Set(
    revised
      .filter(({ roomId, status }) => status === "skipped" && planned.get(roomId) !== "skipped")
      .map(({ roomId }) => roomId),
  );
  return [...needInvitations].some((roomId) => !given.has(roomId));
}

function planFacts(input: DecisionInput): PlanFacts {
  const { readings, decided, keys, unusableKeys, filters, imported, generatedAt } = input;
  const { rooms, replacements, unknownRooms, isInviteBlocked, bannedRoomIds } = decided;
  const { categories, notMoved } = compareContents(readings.source, readings.target, roomMapping(rooms));
  const [sourceUserId, targetUserId] = [readings.source.snapshot.userId, readings.target.snapshot.userId];
  const isSameServer = serverNameOf(sourceUserId) === serverNameOf(targetUserId);
  const isChosen = (name: CategoryName): boolean => filters.categories?.includes(name) ?? true;
  const all = [...rooms, ...replacements];
  const inReach = roomMapping(rooms.filter(withoutHelp(all)));
  const contentSteps = withKeptRooms(
    planContentSteps(readings.source, readings.target, inReach).filter(isChosenStep({ filters })),
    readings,
  );
  return {
    report: report({
      sourceUserId,
      targetUserId,
      isFromFile: readings.source.method === "file",
      generatedAt,
      rooms,
      categories: [...roomCategories(rooms), ...categories, roomKeysCategory(keys)].map((entry) =>
        isChosen(entry.name) ? entry : category(entry.name, 0, []),
      ),
      keys: reportKeys(keys, unusableKeys, encryptedRooms(rooms)),
    }),
    moreHelpers: new Map(
      rooms.filter((room) => room.moreHelpers > 0).map((room) => [room.roomId, room.moreHelpers]),
    ),
    via: new Map(rooms.map((room) => [room.roomId, room.via])),
    work: remainingWork(decided, readings, categories, isChosen),
    estimate: estimateTime(roomRequestCounts(all, contentSteps), isSameServer),
    notMoved,
    unseen: all.filter(({ differs }) => differs.isUnseenBySource).map((room) => reportRoom(room)),
    isSpreading: all.some(({ differs }) => differs.isUnseenBySource || differs.isPowerUnseenByTarget),
    unknownRooms,
    // An account that is known from files invites nobody.
    isInviteBlocked: isInviteBlocked && readings.source.method !== "file",
    bannedRooms: bannedRoomIds.length,
    byFiles: imported === null ? null : planByFiles(imported, { readings, decided }),
    sinceFiles: imported === null ? null : sinceFiles(imported, { readings, decided }),
  };
}

/** The IDs of the encrypted rooms that a plan covers. */
function encryptedRooms(rooms: RoomPlan["rooms"]): string[] {
  return rooms
    .filter(({ isEncrypted, route }) => isEncrypted && route !== "excluded")
    .map(({ roomId }) => roomId);
}
