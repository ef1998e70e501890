import type { Side } from "../../../../model/account.ts";
import type { StoredStep } from "../../../../model/run.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import type { QuestionDeed } from "../../../runs.ts";
import { plannedStep } from "../../planning/planned-step.ts";
import { chatStep } from "../chats/new-chats.ts";
import type { ContactPurpose, HelperToAsk, OpenChatPayload, SendMessagePayload } from "../payloads.ts";
import { openChatPayload, sendMessagePayload } from "../payloads.ts";
import { maxReaders } from "./ways.ts";

/** The message to a helper, and everything that follows if they take no invitation. */
export interface MessageToHelper extends HelperToAsk {
  /** Helpers besides the first who are mentioned and count as asked. */
  readonly alsoMentioned: readonly string[];
  readonly followers: readonly HelperToAsk[];
}

/**
 * The step that sends a message to a helper, or opens a chat with them.
 * @param side of the account that asks
 */
export function stepOfMessage(side: Side, message: MessageToHelper): PlannedStep {
  const { userId, way, chatRoomId, roomIds, text, reason, alsoMentioned, followers } = message;
  const purpose: ContactPurpose = {
    kind: "ask",
    way,
    userIds: [userId, ...alsoMentioned],
    roomIds: [...roomIds],
    followers: [...followers],
  };
  if (chatRoomId === null) {
    const payload: OpenChatPayload = {
      partner: userId,
      isEncrypted: false,
      text,
      reason: reason ?? text,
      purpose,
    };
    return chatStep(side, payload);
  }
  const payload: SendMessagePayload = {
    roomId: chatRoomId,
    text,
    mentions: way === "room" ? purpose.userIds : [],
    maxJoined: maxReaders(chatRoomId, { way, about: roomIds }),
    purpose,
  };
  return plannedStep({
    key: `send_message:${userId}`,
    kind: "send_message",
    side,
    limits: ["messages"],
    payload,
  });
}

/** The step that asks the next helper, if one follows. */
export function stepsAfterRefusal(side: Side, purpose: ContactPurpose): PlannedStep[] {
  if (purpose.kind !== "ask") return [];
  const [next, ...followers] = purpose.followers;
  return next === undefined ? [] : [stepOfMessage(side, { ...next, alsoMentioned: [], followers })];
}

/** The question to a helper that a step was; `null` if it is another step or has not ended. */
export function questionOf({
  kind,
  payload,
  state,
  outcome,
}: Pick<StoredStep, "kind" | "payload" | "state" | "outcome">): QuestionDeed | null {
  if (kind !== "send_message" && kind !== "open_chat") return null;
  const { purpose } = (kind === "open_chat" ? openChatPayload : sendMessagePayload).parse(payload);
  if (purpose.kind !== "ask" || (state !== "done" && state !== "failed")) return null;
  const { userIds, way, roomIds } = purpose;
  return { userIds, way, rooms: roomIds.length, result: resultOf(outcome) };
}

function resultOf(outcome: StoredStep["outcome"]): QuestionDeed["result"] {
  switch (outcome?.status) {
    case "failed":
      return outcome.problem.code;
    case "already_done":
      return "not_needed";
    default:
      return "sent";
  }
}
