import { powerLevelStep, undoPowerLevel } from "./power-level.ts";
import { inviteStep } from "./invite.ts";
import { joinStep } from "./join.ts";
import { knockStep } from "./knock.ts";
import { undoInvite, undoJoin, undoKnock } from "./undo-entry.ts";
import type { RoomStepKind } from "../planning/room-steps.ts";
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
