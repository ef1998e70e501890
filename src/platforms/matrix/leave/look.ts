import { isSameBackup } from "../../../model/key-backup.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { readExistingBackup } from "../keys/backup.ts";
import type { KeyReading } from "../keys/read-keys.ts";
import { readAllKeys } from "../keys/read-keys.ts";
import { KeyWorkerError } from "../keys/worker/key-worker.ts";
import type { Leaver } from "../reading/find-stay-reason.ts";
import { isAlone, isOnlyOneWithPower } from "../reading/find-stay-reason.ts";
import { membershipIn } from "../reading/raw-events.ts";
import { readStateEvent } from "../reading/single-room.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import { roomSnapshot } from "../rooms/room-snapshot.ts";
import type { RoomSnapshot } from "../rooms/types.ts";
import type { StepScope, StepSession } from "../steps/define-step.ts";
import type { LeavingFacts } from "../steps/step-context.ts";
import { onServerOf, toOutcome } from "../steps/step-errors.ts";
import type { KeptCode, KeysOfRoom, SeenRoom } from "./guards.ts";
import { accessReason, askedReason, isAccepted, keysReason } from "./guards.ts";
import type { LeavingPayload } from "./payload.ts";
import type { Loss } from "./plan.ts";

type Sessions = Pick<StepScope<unknown>, "source" | "target">;

/** A room in the moment of leaving. */
export interface Look {
  readonly seen: SeenRoom;
  /** The content of the room's power levels as the source's server shows them. */
  readonly levels: unknown;
  /** The first reason to stay that the person has not accepted; `null` for none. */
  readonly reason: StayCode | null;
}

/** The reasons to stay that a look can find. The others are known from the plan. */
export type StayCode = Exclude<KeptCode, "server_notices" | "bot_chat">;

/**
 * Looks at a room again, at both servers. A room that cannot be read is not left.
 * @throws what `toOutcome` accepts, if a server or an account cannot be used now
 */
export async function lookAtRoom(
  payload: LeavingPayload,
  scope: Sessions & Pick<StepScope<unknown>, "signal" | "now">,
  facts: LeavingFacts,
): Promise<Look | { readonly reason: "unreadable" | null }> {
  try {
    const now = await seenNow(payload, scope);
    return { ...now, reason: await reasonToStay(payload, now.seen, scope, facts) };
  } catch (error) {
    const isUnreadable = error instanceof KeyWorkerError || toOutcome(error).status === "failed";
    if (!isUnreadable) throw error;
    return { reason: isAccepted("unreadable", payload.accepted) ? null : "unreadable" };
  }
}

async function reasonToStay(
  payload: LeavingPayload,
  seen: SeenRoom,
  { source, target, signal, now }: Sessions & Pick<StepScope<unknown>, "signal" | "now">,
  { asked, keyWorker }: LeavingFacts,
): Promise<StayCode | null> {
  const { roomId, movedTo, accepted } = payload;
  const access = accessReason(seen, { sourceUserId: source.userId, targetUserId: target.userId });
  if (access !== null && !isAccepted(access.code, accepted)) return access.code;
  const question = askedReason(asked, [roomId, movedTo], now());
  if (question !== null && !isAccepted(question.code, accepted)) return question.code;
  if (access !== null) {
    const companion = access.code === "not_moved" ? null : target.userId;
    const loss = await onServerOf(
      "source",
      lossOf({ ...{ roomId, companion }, userId: source.userId, client: source }),
    );
    if (loss !== null && !isAccepted(loss.code, accepted)) return loss.code;
  }
  if (seen.bySource.encryption.kind !== "present" || isAccepted("keys_missing", accepted)) return null;
  const keys = await keysNow(payload, { source, target }, { keyWorker, signal });
  return keysReason(true, keys)?.code ?? null;
}

/**
 * What a room would lose with an account whose place the other one cannot take.
 * @throws HomeserverError, UnreachableError
 */
export async function lossOf(leaver: Leaver): Promise<Loss> {
  if (leaver.companion === null && (await isAlone(leaver))) return { code: "alone" };
  return (await isOnlyOneWithPower(leaver)) ? { code: "last_admin" } : null;
}

type NamedState = readonly [type: string, stateKey: string];
const LEVELS: NamedState = ["m.room.power_levels", ""];
const ACL: NamedState = ["m.room.server_acl", ""];
const ENCRYPTION: NamedState = ["m.room.encryption", ""];

async function seenNow(payload: LeavingPayload, { source, target }: Sessions): Promise<Omit<Look, "reason">> {
  const { roomId, movedTo, isEncrypted } = payload;
  const create = createEvent(payload);
  const member: NamedState = ["m.room.member", target.userId];
  const wanted = [...(movedTo === roomId ? [member, LEVELS] : []), ...(isEncrypted ? [] : [ENCRYPTION])];
  const [events, byTarget] = await Promise.all([
    onServerOf("source", readEvents(source, roomId, wanted)),
    onServerOf("target", targetRoom(movedTo, create, { source, target })),
  ]);
  const encryption = { type: "m.room.encryption", state_key: "", content: {} };
  const all = [create, ...events, ...(isEncrypted ? [encryption] : [])];
  return {
    seen: { bySource: snapshotOf(roomId, all, { own: source, other: target }), byTarget },
    levels: events.find(({ type }) => type === "m.room.power_levels")?.content ?? null,
  };
}

/** `undefined`: its server does not show that the target has joined the room. */
async function targetRoom(
  roomId: string,
  create: RawStateEvent,
  { source, target }: Sessions,
): Promise<RoomSnapshot | undefined> {
  const member = await ownMember(target, roomId);
  if (membershipIn(member?.content) !== "join" || member === null) return undefined;
  const events = await readEvents(target, roomId, [LEVELS, ACL]);
  return snapshotOf(roomId, [create, member, ...events], { own: target, other: source });
}

/** `null`: the account has no membership, or its server does not show it. */
async function ownMember(session: StepSession, roomId: string): Promise<RawStateEvent | null> {
  try {
    return await readStateEvent(session, roomId, "m.room.member", session.userId);
  } catch (error) {
    if (error instanceof HomeserverError && error.errcode === "M_FORBIDDEN") return null;
    throw error;
  }
}

async function readEvents(
  session: StepSession,
  roomId: string,
  wanted: readonly NamedState[],
): Promise<RawStateEvent[]> {
  const events = await Promise.all(
    wanted.map(([type, stateKey]) => readStateEvent(session, roomId, type, stateKey)),
  );
  return events.filter((event) => event !== null);
}

function createEvent({ creation }: LeavingPayload): RawStateEvent {
  const content = creation && {
    room_version: creation.roomVersion,
    creator: creation.creator,
    additional_creators: creation.additionalCreators,
  };
  return { type: "m.room.create", state_key: "", sender: creation?.sender ?? undefined, content };
}

function snapshotOf(
  roomId: string,
  events: readonly RawStateEvent[],
  { own, other }: { own: Pick<StepSession, "userId">; other: Pick<StepSession, "userId"> },
): RoomSnapshot {
  return roomSnapshot({
    ...{ roomId, events, ownUserId: own.userId, otherUserId: other.userId },
    membership: "join",
    coverage: "full",
    isOtherMemberRead: true,
  });
}

/** Compares the entries of a room in both backups. `null`: not known. */
async function keysNow(
  { roomId, unusable }: LeavingPayload,
  { source, target }: Sessions,
  { keyWorker, signal }: Pick<LeavingFacts, "keyWorker"> & Pick<StepScope<unknown>, "signal">,
): Promise<KeysOfRoom | null> {
  const [from, to] = await Promise.all([
    onServerOf("source", readExistingBackup(source)),
    onServerOf("target", readExistingBackup(target)),
  ]);
  if (from?.backup.kind !== "known" || to?.backup.kind !== "known") return null;
  const { version: sourceVersion } = from.backup;
  const { version: targetVersion } = to.backup;
  const order = { kind: "compare", decryptWith: null, encryptFor: null, signal } as const;
  const rooms = await keyWorker.job(order, async (job) => {
    const read = (side: StepSession, version: string, take: KeyReading<void>["take"]) =>
      readAllKeys(side, version, { job, take, roomId, signal });
    await onServerOf(
      "target",
      read(target, targetVersion, (slice) => job.call("index", slice)),
    );
    await onServerOf(
      "source",
      read(source, sourceVersion, (slice) => job.call("compare", slice)),
    );
    return job.call("rooms");
  });
  const keys = rooms.get(roomId);
  if (keys === undefined) return null;
  const isKnown = unusable !== null && isSameBackup(unusable.from, from.backup);
  return { ...keys, unusable: isKnown ? unusable.count : 0 };
}
