import { runContent, undoContent } from "./account-data/step.ts";
import { runDirectChats, undoDirectChats } from "./direct-chats/step.ts";
import { runIgnoredUsers, undoIgnoredUsers } from "./ignored-users/step.ts";
import type { ContentStepKind } from "./content-step.ts";
import { runProfileField, undoProfileField } from "./profile/step.ts";
import { runPushRules, undoPushRules } from "./push-rules/step.ts";
import { runReadMarker } from "./read-markers/step.ts";
import { runRoomProfile, undoRoomProfile } from "./room-profiles/step.ts";
import type { StepFunction, UndoFunction } from "../steps/step-context.ts";
import { runTags, undoTags } from "./tags/step.ts";

/** How each kind of step is done and undone; `null`: it cannot be. */
export const contentSteps: Readonly<
  Record<ContentStepKind, { run: StepFunction; undo: UndoFunction | null }>
> = {
  profile_field: { run: runProfileField, undo: undoProfileField },
  tags: { run: runTags, undo: undoTags },
  room_setting: { run: runContent, undo: undoContent },
  room_profile: { run: runRoomProfile, undo: undoRoomProfile },
  read_marker: { run: runReadMarker, undo: null },
  account_data: { run: runContent, undo: undoContent },
  direct_chats: { run: runDirectChats, undo: undoDirectChats },
  push_rules: { run: runPushRules, undo: undoPushRules },
  ignored_users: { run: runIgnoredUsers, undo: undoIgnoredUsers },
};
