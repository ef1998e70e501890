import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { ContactStepKind } from "../../../model/step.ts";
import type { FollowUp } from "../../runs.ts";
import { mentionRuleStep } from "../finish/mention-rule-step.ts";
import { dropPowerStep, leaveRoomStep } from "../leave/steps.ts";
import type { Step } from "../steps/define-step.ts";
import { openChatStep } from "./chats/open-chat.ts";
import type { FollowedStep } from "./follow-up.ts";
import { afterChat, afterMessage } from "./follow-up.ts";
import { sendMessageStep } from "./messages/send-message.ts";
import { renameProfileStep } from "./rename/rename-profile.ts";
import { renameRoomStep } from "./rename/rename-room.ts";

/** A kind of step that reaches other people or leaves rooms. */
interface ContactStep {
  /** Made by `defineStep`. An undo acts for the side of the step. */
  readonly step: Step;
  /** What follows from a final outcome (`done`, `already_done` or `failed`); `null` for nothing. */
  readonly followUp: ((step: FollowedStep, outcome: StepOutcome) => FollowUp) | null;
}

/**
 * How each kind of step that reaches other people, or leaves rooms, is done and undone. A new kind
 * is a line in `CONTACT_STEP_KINDS` (`model/step.ts`) and a line here.
 */
export const contactSteps: Readonly<Record<ContactStepKind, ContactStep>> = {
  send_message: { step: sendMessageStep, followUp: afterMessage },
  open_chat: { step: openChatStep, followUp: afterChat },
  rename_profile: { step: renameProfileStep, followUp: null },
  rename_room: { step: renameRoomStep, followUp: null },
  drop_power: { step: dropPowerStep, followUp: null },
  leave_room: { step: leaveRoomStep, followUp: null },
  mention_rule: { step: mentionRuleStep, followUp: null },
};

/** Whether a kind of step reaches other people or leaves rooms. */
export function isContactStep(kind: string): kind is ContactStepKind {
  return Object.hasOwn(contactSteps, kind);
}
