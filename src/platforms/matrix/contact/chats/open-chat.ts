import { z } from "zod";
import { stepProblemSchema } from "../../../../model/run.ts";
import type { StepOutcome, StepProblem } from "../../../../model/step-outcome.ts";
import { UnreachableError } from "../../../../network/unreachable-error.ts";
import { anyAnswer } from "../../api/any-answer.ts";
import { HomeserverError, isAccountLimit } from "../../api/homeserver-error.ts";
import { listChat } from "../../categories/direct-chats/list-chat.ts";
import { membershipNow, statePath } from "../../reading/state-now.ts";
import type { StepScope } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { heldBy } from "../../steps/room-errors.ts";
import { serverProblem, toOutcome } from "../../steps/step-errors.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { isStillNeeded } from "../ask/still-needed.ts";
import { isEncryptedNow, sendText } from "../messages/message.ts";
import type { OpenChatPayload } from "../payloads.ts";
import { openChatPayload } from "../payloads.ts";
import { createRoom, findRoom, leaveForGood } from "./new-room.ts";

/** The next request of the step, and what it needs. Stored before the request is sent. */
const progressSchema = z.discriminatedUnion("next", [
  z.object({ next: z.literal("create") }),
  z.object({ next: z.literal("invite"), roomId: z.string() }),
  z.object({ next: z.literal("text"), roomId: z.string() }),
  z.object({ next: z.literal("list"), roomId: z.string() }),
  z.object({ next: z.literal("leave"), roomId: z.string(), problem: stepProblemSchema }),
]);
type Progress = z.output<typeof progressSchema>;
type Scope = StepScope<Progress>;

/** The partner's server has to answer before the own one does. */
const INVITE_TIMEOUT_MS = 2 * 60_000;
/** A request with an unclear error is tried as often as this. Then the step goes on without it. */
const MAX_TRIES = 3;

/**
 * Opens a direct chat: makes a room, invites the partner, sends the text unless the room is
 * encrypted, and lists the room in `m.direct`. Each try sends one request that limits count. What
 * is done is stored, so that nothing is done twice.
 *
 * If the partner cannot be invited, the room is left, and the step fails with `partner_refused` or
 * `unreachable_server`. No other problem has these codes.
 */
export const openChatStep = defineStep({
  payload: openChatPayload,
  undoRecord: progressSchema,
  async run(chat, scope) {
    const progress = scope.savedUndo;
    if (scope.isEnding === true) return await endOpening(progress, chat, scope);
    switch (progress?.next) {
      case undefined:
        if (!(await isStillNeeded(chat.purpose, scope))) return { status: "already_done" };
        return await create(chat, scope);
      case "create": {
        const roomId = await findRoom(scope.own, scope.stepId);
        return roomId === null ? await create(chat, scope) : await goOn({ next: "invite", roomId }, scope);
      }
      case "invite":
        return await invite(progress.roomId, chat, scope);
      case "text":
        return await tell(progress.roomId, chat, scope);
      case "list":
        return await list(progress.roomId, chat, scope);
      case "leave":
        return await leave(progress, scope);
    }
  },
  undo: null,
});

/**
 * After the end of the run: a chat whose partner is invited stays, and is listed. Otherwise the
 * account leaves the room, in which it is alone.
 */
async function endOpening(
  progress: Progress | null,
  chat: OpenChatPayload,
  scope: Scope,
): Promise<StepOutcome> {
  const problem: StepProblem =
    progress?.next === "leave" ? progress.problem : { code: "gone", serverText: null };
  const notOpened: StepOutcome = { status: "failed", problem };
  if (progress === null) return notOpened;
  const roomId = progress.next === "create" ? await findRoom(scope.own, scope.stepId) : progress.roomId;
  if (roomId === null) return notOpened;
  const isOpen = progress.next === "text" || progress.next === "list";
  const partner = isOpen ? "invite" : await membershipNow(scope.own, { roomId, userId: chat.partner });
  if (partner === "invite" || partner === "join") return await list(roomId, chat, scope);
  if (partner === "hidden") return notOpened;
  return await leave({ roomId, problem }, scope);
}

async function create(
  { partner, isEncrypted, purpose }: OpenChatPayload,
  scope: Scope,
): Promise<StepOutcome> {
  const reserved = await scope.reserveChat({
    partner,
    purpose: purpose.kind === "ask" ? "ask" : "direct_chat",
  });
  if (reserved.status === "full") {
    const waitMs = Math.max(0, reserved.nextAt - scope.now());
    return { status: "wait", waitingFor: "daily_limit", waitMs, problem: null };
  }
  let roomId: string;
  try {
    roomId = await writeWithUndo(scope, { undo: { next: "create" } }, () =>
      createRoom(scope.own, { mark: scope.stepId, isEncrypted }),
    );
  } catch (error) {
    if (error instanceof HomeserverError && isAccountLimit(error)) return heldBy(error);
    return toOutcome(error);
  }
  return await goOn({ next: "invite", roomId }, scope);
}

async function invite(roomId: string, chat: OpenChatPayload, scope: Scope): Promise<StepOutcome> {
  const known = await byMembership(roomId, chat, scope);
  if (known !== null) return known;
  try {
    await scope.own.request({
      method: "PUT",
      // Unlike `/invite`, the member state has `is_direct` (platforms/matrix/README.md, "New
      // direct chats").
      path: statePath({ roomId, type: "m.room.member", stateKey: chat.partner }),
      body: { membership: "invite", is_direct: true, reason: chat.reason },
      schema: anyAnswer,
      timeoutMs: INVITE_TIMEOUT_MS,
      isRelayed: true,
    });
  } catch (error) {
    return await notInvited(error, { roomId, chat, scope });
  }
  return await afterInvitation(roomId, chat, scope);
}

/** How the step goes on by the partner's membership; `null`: the partner is not invited yet. */
async function byMembership(
  roomId: string,
  chat: OpenChatPayload,
  scope: Scope,
): Promise<StepOutcome | null> {
  const membership = await membershipNow(scope.own, { roomId, userId: chat.partner });
  switch (membership) {
    case "invite":
    case "join":
      return await afterInvitation(roomId, chat, scope);
    // An earlier try has invited the partner, who has declined since.
    case "leave":
    case "ban":
      return await giveUp(roomId, { code: "partner_refused", serverText: null }, scope);
    // The account is no longer in the room.
    case "hidden":
      await scope.saveUndo(null);
      return { status: "failed", problem: { code: "gone", serverText: null } };
    case "none":
    case "knock":
      return null;
  }
}

/** The text that an encrypted chat cannot have is in the reason of the invitation. */
async function afterInvitation(roomId: string, chat: OpenChatPayload, scope: Scope): Promise<StepOutcome> {
  if (!chat.isEncrypted) return await goOn({ next: "text", roomId }, scope);
  await scope.saveUndo({ next: "list", roomId });
  return await list(roomId, chat, scope);
}

/**
 * What an invitation without success means. The partner's server takes part in it. An error of a
 * server, or a missing answer, does not show whether the partner is invited.
 */
async function notInvited(
  error: unknown,
  { roomId, chat, scope }: { roomId: string; chat: OpenChatPayload; scope: Scope },
): Promise<StepOutcome> {
  const outcome = toOutcome(error);
  if (error instanceof HomeserverError && outcome.status === "failed") {
    // The step is among those that send messages, which a held account still may.
    if (isAccountLimit(error))
      return { status: "needs_user", problem: serverProblem("account_limit", error, error.infoUri) };
    return await giveUp(roomId, serverProblem("partner_refused", error), scope);
  }
  const isUnclear =
    outcome.status === "retry" || (outcome.status === "wait" && outcome.waitingFor === "server");
  if (!isUnclear || scope.signal.aborted) return outcome;
  const known = await byMembership(roomId, chat, scope);
  if (known !== null) return known;
  const isSilent =
    (error instanceof UnreachableError && error.reason === "timeout") ||
    (error instanceof HomeserverError && (error.status === 502 || error.status === 504));
  if (!isSilent && scope.failures + 1 < MAX_TRIES) return outcome;
  const serverText = outcome.problem?.serverText ?? null;
  return await giveUp(roomId, { code: "unreachable_server", serverText }, scope);
}

async function tell(roomId: string, chat: OpenChatPayload, scope: Scope): Promise<StepOutcome> {
  try {
    // A server may encrypt new rooms by itself.
    if (!(await isEncryptedNow(scope.own, roomId)))
      await sendText(scope.own, { roomId, text: chat.text, mentions: [], transactionId: scope.stepId });
  } catch (error) {
    const outcome = toOutcome(error);
    if (!isPassedOver(outcome, scope)) return outcome;
  }
  await scope.saveUndo({ next: "list", roomId });
  return await list(roomId, chat, scope);
}

async function list(roomId: string, { partner }: OpenChatPayload, scope: Scope): Promise<StepOutcome> {
  try {
    await listChat({ roomId, partner }, scope);
  } catch (error) {
    const outcome = toOutcome(error);
    if (!isPassedOver(outcome, scope)) return outcome;
  }
  return { status: "done", undo: { roomId } };
}

/** Whether the step goes on although a request failed: the partner already has the invitation. */
function isPassedOver(outcome: StepOutcome, { failures }: Scope): boolean {
  return outcome.status === "failed" || (outcome.status === "retry" && failures + 1 >= MAX_TRIES);
}

function giveUp(roomId: string, problem: StepProblem, scope: Scope): Promise<StepOutcome> {
  return goOn({ next: "leave", roomId, problem }, scope);
}

/** The account is alone in the room. */
async function leave(
  { roomId, problem }: Pick<Extract<Progress, { next: "leave" }>, "roomId" | "problem">,
  scope: Scope,
): Promise<StepOutcome> {
  try {
    await leaveForGood(scope.own, roomId);
  } catch (error) {
    const outcome = toOutcome(error);
    if (!isPassedOver(outcome, scope)) return outcome;
  }
  await scope.saveUndo(null);
  return { status: "failed", problem };
}

/** The next request is one that the limit on messages counts. */
async function goOn(progress: Progress, scope: Scope): Promise<StepOutcome> {
  await scope.saveUndo(progress);
  return { status: "continues", limits: ["messages"] };
}
