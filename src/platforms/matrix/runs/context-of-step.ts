import { createHash } from "node:crypto";
import type { FileAccount } from "../../../model/account.ts";
import type { KeyedQueue } from "../../../model/keyed-queue.ts";
import type { TakenStep } from "../../../model/run.ts";
import type { StepKind } from "../../../model/step.ts";
import type { StepFacts } from "../../runs.ts";
import type { KeyWorker } from "../keys/worker/key-worker.ts";
import type { OpenAccount } from "../open-account.ts";
import type { StepContext } from "../steps/step-context.ts";
import { historyOf, isJustJoined } from "./room-of-run.ts";

/**
 * The kinds of steps that call `isJoined`: steps that merge lists about rooms, join through another
 * room, or undo something inside a room. For any other kind no room counts as joined.
 */
const NEEDS_JOINED_ROOMS: ReadonlySet<StepKind> = new Set<StepKind>([
  "direct_chats",
  "push_rules",
  "join_restricted",
  "undo",
]);

/** The kinds of steps that depend on what a server and an account have of a room that is new. */
const ABOUT_NEW_ROOMS: ReadonlySet<StepKind> = new Set<StepKind>(["read_marker", "tags", "room_setting"]);

/** The kinds of steps that leave a room. */
const LEAVING: ReadonlySet<StepKind> = new Set<StepKind>(["drop_power", "leave_room"]);

const STEP_ID_LENGTH = 22;

/** The accounts and tools of a process that works on steps. */
interface StepTools {
  /** Without a client if nobody has signed in the source. */
  readonly source:
    Pick<OpenAccount, "account" | "client"> | { readonly account: FileAccount; readonly client: null };
  readonly target: Pick<OpenAccount, "account" | "client">;
  readonly inTurn: KeyedQueue;
  readonly keyWorker: Pick<KeyWorker, "job">;
  readonly now: () => number;
}

/** What a run gives to one of its steps. */
export async function contextOfStep(
  { source, target, inTurn, keyWorker, now }: StepTools,
  { runId, key, side, kind, roomId, attempts, failures, savedUndo }: TakenStep,
  {
    canSkipCheck,
    saveUndo,
    imageCopies,
    joinedRooms,
    room,
    reserveChat,
    knockReason,
    records,
    signal,
    mayGoOn,
    isEnding,
  }: StepFacts,
): Promise<StepContext> {
  const joined = NEEDS_JOINED_ROOMS.has(kind) ? await joinedRooms() : new Set<string>();
  const stored = ABOUT_NEW_ROOMS.has(kind) && roomId !== null ? await room() : null;
  return {
    client: { source: source.client, target: target.client },
    userId: { source: source.account.userId, target: target.account.userId },
    side,
    stepId: stepIdOf([source.account.userId, target.account.userId, runId, key]),
    canSkipCheck,
    imageCopies,
    inTurn,
    now,
    failures,
    savedUndo,
    saveUndo,
    isJoined: (id) => joined.has(id),
    ...(stored !== null && {
      ...historyOf(stored, attempts),
      isJustJoined: attempts === 1 && isJustJoined(stored, now()),
    }),
    reserveChat,
    knockReason,
    ...(LEAVING.has(kind) && { leaving: { asked: (await records()).asked, keyWorker } }),
    signal,
    mayGoOn,
    ...(isEnding !== undefined && { isEnding }),
  };
}

/** Other people may see it, so it tells nothing about the step. */
function stepIdOf(names: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("base64url").slice(0, STEP_ID_LENGTH);
}
