import { powerLevelStep, undoPowerLevel } from "./power-levels/power-level-step.ts";
import { inviteStep } from "./rooms/invite-step.ts";
import { joinStep } from "./rooms/join-step.ts";
import { knockStep } from "./rooms/knock-step.ts";
import { undoInvite, undoJoin, undoKnock } from "./rooms/leave-step.ts";
import type { RoomStepKind } from "./rooms/plan-room-steps.ts";
import type { StepFunction, UndoFunction } from "./step-context.ts";

/**
 * How each kind of step on a room is done and withdrawn. Nothing is recorded of what a knock did;
 * its payload serves as its `undo` as well.
 */
export const roomSteps: Readonly<Record<RoomStepKind, { run: StepFunction; undo: UndoFunction | null }>> = {
  accept_invite: { run: joinStep, undo: undoJoin },
  join: { run: joinStep, undo: undoJoin },
  join_restricted: { run: joinStep, undo: undoJoin },
  invite: { run: inviteStep, undo: undoInvite },
  join_invited: { run: joinStep, undo: undoJoin },
  knock: { run: knockStep, undo: undoKnock },
  power_level: { run: powerLevelStep, undo: undoPowerLevel },
};
