import type { RoomStepKind } from "../planning/room-steps.ts";
import type { Step } from "./define-step.ts";
import { inviteStep } from "./invite.ts";
import { joinStep } from "./join.ts";
import { knockStep } from "./knock.ts";
import { powerLevelStep } from "./power-level.ts";

/** How each kind of step on a room is done and undone. */
export const roomSteps = {
  accept_invite: joinStep,
  join: joinStep,
  join_restricted: joinStep,
  join_invited: joinStep,
  invite: inviteStep,
  knock: knockStep,
  power_level: powerLevelStep,
} satisfies Readonly<Record<RoomStepKind, Step>>;
