import type { PlannedStep, StepKind } from "../../../model/step.ts";

/** What is written of an account besides rooms and power levels. */
export const CONTENT_STEP_KINDS = [
  "profile_field",
  "tags",
  "room_setting",
  "room_profile",
  "read_marker",
  "account_data",
  "direct_chats",
  "push_rules",
  "ignored_users",
] as const satisfies readonly StepKind[];
export type ContentStepKind = (typeof CONTENT_STEP_KINDS)[number];

/**
 * A step as far as it differs from others: all are the target's, wait for no other step, and those
 * about a room wait until the target is in it.
 */
export function plannedContentStep(
  step: Pick<PlannedStep, "key" | "stage" | "payload"> & { kind: ContentStepKind } & Partial<
      Pick<PlannedStep, "roomId" | "limits">
    >,
): PlannedStep {
  const { roomId = null, limits = [], ...rest } = step;
  return { ...rest, side: "target", limits, needsRoom: roomId, after: null, roomId };
}
