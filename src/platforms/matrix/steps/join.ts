import type { StepOutcome } from "../../../model/step-outcome.ts";
import { anyAnswer } from "../api/any-answer.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { EnteredRoom, JoinPayload } from "../planning/step-payloads.ts";
import { enteredRoom, joinPayload } from "../planning/step-payloads.ts";
import { readStateEvent } from "../reading/single-room.ts";
import { answerOrSeen } from "./answer-or-seen.ts";
import type { StepScope } from "./define-step.ts";
import { defineStep } from "./define-step.ts";
import { toRoomOutcome, viaOfTry } from "./room-errors.ts";
import { onServerOf, serverProblem } from "./step-errors.ts";
import { isTargetJoined, membershipSeenBySource } from "./target-membership.ts";
import { declineInvitation, leaveJoinedRoom } from "./undo-entry.ts";
import { alreadyDone, resolveRefused, writeWithUndo } from "./write-with-undo.ts";

/**
 * A join through another server fetches the whole state of the room. In large rooms that takes
 * minutes.
 */
const TIMEOUT_MS = 5 * 60_000;

/** The target joins a room. */
export const joinStep = defineStep({
  payload: joinPayload,
  undoRecord: enteredRoom,
  async run(join, scope) {
    if (!scope.canSkipCheck && (await isTargetJoined(join.roomId, scope))) return alreadyDone(scope);
    return await enter(join, scope);
  },
  undo: leaveJoinedRoom,
});

async function enter(join: JoinPayload, scope: StepScope<EnteredRoom>): Promise<StepOutcome> {
  const { roomId } = join;
  const via = viaOfTry(join.via, scope);
  const undo: EnteredRoom = { roomId };
  try {
    const send = (signal: AbortSignal): Promise<unknown> =>
      scope.target.request({
        method: "POST",
        path: apiPath`/_matrix/client/v3/join/${roomId}`,
        // `server_name` is the name before v1.12 (MSC4156).
        query: { via, server_name: via },
        // Synapse copies the body into the member event.
        body: {},
        schema: anyAnswer,
        timeoutMs: TIMEOUT_MS,
        isRelayed: true,
        signal,
      });
    await writeWithUndo(scope, { undo, earlier: scope.savedUndo }, () =>
      answerOrSeen(send, () => isTargetJoined(roomId, scope)),
    );
  } catch (error) {
    const outcome = await refusal(error, join, scope);
    if (isNeverMade(error) && scope.savedUndo === null) {
      await scope.saveUndo(null);
      return outcome;
    }
    const look = async (): Promise<StepOutcome | null> =>
      (await isTargetJoined(roomId, scope)) ? { status: "done", undo } : null;
    return await resolveRefused({ error, outcome, look }, scope);
  }
  return { status: "done", undo };
}

async function refusal(
  error: unknown,
  join: JoinPayload,
  scope: StepScope<EnteredRoom>,
): Promise<StepOutcome> {
  // Either no server in `via` could see the room that lets the account in, or none of them has a
  // member with the power to vouch for it.
  if (join.kind === "join_restricted" && isNeverMade(error)) {
    return { status: "failed", problem: serverProblem("refused", error) };
  }
  const outcome = toRoomOutcome(error, join);
  if (join.kind === "join_invited" && isKeptOut(outcome)) return (await takeBack(join, scope)) ?? outcome;
  const isForbidden = error instanceof HomeserverError && error.errcode === "M_FORBIDDEN";
  if (outcome.status !== "failed" || !isForbidden) return outcome;
  return (await isLetIn(join, scope)) ? { status: "retry", problem: outcome.problem } : outcome;
}

function isKeptOut(outcome: StepOutcome): boolean {
  return outcome.status === "failed" && outcome.problem.code === "blocked_by_server";
}

/**
 * The target declines the source's invitation to a room that the target's server does not admit,
 * which only the join shows. An invitation from somebody else stays.
 * @returns the outcome if this has to be tried again
 */
async function takeBack({ roomId }: JoinPayload, scope: StepScope<EnteredRoom>): Promise<StepOutcome | null> {
  const { source, target } = scope;
  const event = await onServerOf(
    "source",
    readStateEvent(source, roomId, "m.room.member", target.userId).catch((error: unknown) => {
      if (error instanceof HomeserverError) return null;
      throw error;
    }),
  );
  if (event?.sender !== source.userId) return null;
  const declined = await declineInvitation({ roomId, leavesAnyway: true }, scope);
  return declined.status === "wait" || declined.status === "retry" ? declined : null;
}

/** No server in `via` made the event with which the account would have joined. */
function isNeverMade(error: unknown): error is HomeserverError {
  return error instanceof HomeserverError && error.status === 502 && error.text.includes("make_join");
}

/**
 * Whether the room lets the target in although a server refused. A server in the room learns of an
 * invitation, or of the join that opens this room, only when the event arrives.
 */
async function isLetIn(
  { kind, roomId, through }: JoinPayload,
  scope: StepScope<EnteredRoom>,
): Promise<boolean> {
  switch (kind) {
    case "join":
      return false;
    case "join_restricted":
      return through !== null && scope.isJoined(through);
    case "accept_invite":
    case "join_invited": {
      const seen = await membershipSeenBySource(roomId, scope);
      // Without the source nobody can say that the invitation was withdrawn.
      return seen === "invite" || !scope.source.isSignedIn;
    }
  }
}
