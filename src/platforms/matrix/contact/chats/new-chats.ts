import type { Side } from "../../../../model/account.ts";
import type { NewChats } from "../../../../model/contact.ts";
import type { StoredStep } from "../../../../model/run.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import type { Known } from "../../../contact.ts";
import type { ChatDeed } from "../../../runs.ts";
import { plannedStep } from "../../planning/planned-step.ts";
import type { OpenChatPayload } from "../payloads.ts";
import { openChatPayload } from "../payloads.ts";

/** How many new chats the daily limit admits now. Refused invitations count. */
export function admittedChats(
  total: number,
  { records, newChatsPerDay }: Pick<Known, "records" | "newChatsPerDay">,
): NewChats {
  const left = Math.max(0, newChatsPerDay - records.chatsToday);
  return { total, now: Math.min(total, left), perDay: newChatsPerDay };
}

/** The step that opens a new chat with somebody. */
export function chatStep(side: Side, payload: OpenChatPayload): PlannedStep {
  return plannedStep({
    key: `open_chat:${payload.partner}`,
    kind: "open_chat",
    side,
    limits: ["room_creation", "messages"],
    payload,
  });
}

/** The direct chat that a step has opened, or not; `null` for another step, or one under way. */
export function chatDeed({
  kind,
  payload,
  state,
  outcome,
}: Pick<StoredStep, "kind" | "payload" | "state" | "outcome">): ChatDeed | null {
  if (kind !== "open_chat" || (state !== "done" && state !== "failed")) return null;
  const { partner, purpose } = openChatPayload.parse(payload);
  if (purpose.kind !== "direct_chat") return null;
  return { userId: partner, problem: outcome?.status === "failed" ? outcome.problem : null };
}
