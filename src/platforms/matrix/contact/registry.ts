import type { ContactStepKind } from "../../../model/step.ts";
import { CONTACT_STEP_KINDS } from "../../../model/step.ts";
import { dropPowerStep, leaveRoomStep } from "../leave/steps.ts";
import type { Step } from "../steps/define-step.ts";

/**
 * How each kind of step that reaches other people, or leaves rooms, is done and undone. A new kind
 * is a line in `CONTACT_STEP_KINDS` and a line here. Its step function is made by `defineStep`.
 * `undo: null` means that it cannot be undone. An undo acts for the side of the step.
 */
export const contactSteps = {
  drop_power: dropPowerStep,
  leave_room: leaveRoomStep,
} satisfies Readonly<Record<ContactStepKind, Step>>;

/** Whether a kind of step reaches other people or leaves rooms. */
export function isContactStep(kind: string): kind is ContactStepKind {
  return CONTACT_STEP_KINDS.some((each) => each === kind);
}
