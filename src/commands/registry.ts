import type { Command, ConfirmableActions } from "../dialogue/conversation.ts";
import { EMOJI_ACTION } from "../dialogue/key-notices.ts";
import type { CommandSpecification } from "../grammar/specification.ts";
import type { PeoplesAccounts } from "../service/accounts/peoples-accounts.ts";
import type { Forgotten } from "../service/accounts/results.ts";
import type { SignIn } from "../service/accounts/sign-in.ts";
import type { Proposals } from "../service/contact/proposals.ts";
import type { FileExports } from "../service/files/export.ts";
import type { FileImports } from "../service/files/import.ts";
import type { FinishChecklist } from "../service/finish/checklist.ts";
import type { MentionRules } from "../service/finish/mentions.ts";
import type { MoveEnding } from "../service/finish/move-ending.ts";
import type { KeyCheckOrder, KeyCheckResult } from "../service/keys/check.ts";
import type { KeyServices } from "../service/keys/create-keys.ts";
import type { KeyFiles } from "../service/keys/files.ts";
import type { BackupOpening } from "../service/keys/opening.ts";
import type { KeyOverview } from "../service/keys/overview.ts";
import type { Planning } from "../service/plan/planning.ts";
import type { RoomListRequest, RoomListResult } from "../service/plan/room-listing.ts";
import type { RunControl } from "../service/run/control.ts";
import type { RunOverview } from "../service/run/overview.ts";
import type { ConvertRequest, StartRequest } from "../service/run/requests.ts";
import type { ConvertResult, VerifyResult } from "../service/run/results.ts";
import type { RunStarter } from "../service/run/start.ts";
import type { Plans } from "../store/plans.ts";
import { cancelCommand, cancelSpecification } from "./account/cancel.ts";
import { forgetCommand, forgetSpecification } from "./account/forget.ts";
import { loginCommand, loginSpecification } from "./account/login.ts";
import { logoutCommand, logoutSpecification } from "./account/logout.ts";
import { whoamiCommand, whoamiSpecification } from "./account/whoami.ts";
import { announceCommand, announceContact, announceSpecification } from "./contact/announce.ts";
import { askCommand, askContact, askSpecification } from "./contact/ask.ts";
import { contactAction } from "./contact/contact-command.ts";
import { dmCommand, dmContact, dmSpecification } from "./contact/dm.ts";
import { knockCommand, knockContact, knockSpecification } from "./contact/knock.ts";
import { renameContact, renameOldCommand, renameOldSpecification } from "./contact/rename-old.ts";
import { exportCommand, exportSpecification } from "./files/export.ts";
import { importCommand, importSpecification } from "./files/import.ts";
import { finishCloseCommand, finishCloseSpecification } from "./finish/close.ts";
import { finishEndActions, finishEndCommand, finishEndSpecification } from "./finish/end.ts";
import { finishCommand, finishSpecification } from "./finish/finish.ts";
import { finishMentionsCommand, finishMentionsSpecification } from "./finish/mentions.ts";
import {
  finishSessionsActions,
  finishSessionsCommand,
  finishSessionsSpecification,
} from "./finish/sessions.ts";
import { helpCommand, helpSpecification } from "./help.ts";
import { keysCheckCommand, keysCheckSpecification } from "./keys/check.ts";
import { emojiAction, keysCopyCommand, keysCopySpecification } from "./keys/copy.ts";
import { keysExportCommand, keysExportSpecification } from "./keys/export.ts";
import { keysImportCommand, keysImportSpecification } from "./keys/import.ts";
import { keysStatusCommand, keysStatusSpecification } from "./keys/status.ts";
import { leaveContact, leaveOldCommand, leaveOldSpecification } from "./leave/leave-old.ts";
import { migrateCancelCommand, migrateCancelSpecification } from "./migrate/cancel.ts";
import { migratePauseCommand, migratePauseSpecification } from "./migrate/pause.ts";
import { migratePlanCommand, migratePlanSpecification } from "./migrate/plan.ts";
import { migrateResumeCommand, migrateResumeSpecification } from "./migrate/resume.ts";
import { migrateStartCommand, migrateStartSpecification } from "./migrate/start.ts";
import { migrateStatusCommand, migrateStatusSpecification } from "./migrate/status.ts";
import { migrateUndoCommand, migrateUndoSpecification, undoAction } from "./migrate/undo.ts";
import { migrateVerifyCommand, migrateVerifySpecification } from "./migrate/verify.ts";
import { convertCommand, convertToDirectSpecification, convertToRoomSpecification } from "./rooms/convert.ts";
import { inviteAllCommand, inviteAllSpecification } from "./rooms/invite-all.ts";
import { joinAllCommand, joinAllSpecification } from "./rooms/join-all.ts";
import { profileCommand, profileSpecification } from "./rooms/profile.ts";
import { reportCommand, reportSpecification } from "./rooms/report.ts";
import { roomsCommand, roomsSpecification } from "./rooms/rooms.ts";

/**
 * All commands, in the order of the help. The parser, `!help` and the table in README.md are made
 * from this list.
 */
export const specifications: readonly CommandSpecification[] = [
  helpSpecification,
  loginSpecification,
  cancelSpecification,
  logoutSpecification,
  whoamiSpecification,
  migratePlanSpecification,
  migrateStartSpecification,
  migrateStatusSpecification,
  migratePauseSpecification,
  migrateResumeSpecification,
  migrateCancelSpecification,
  migrateVerifySpecification,
  migrateUndoSpecification,
  inviteAllSpecification,
  joinAllSpecification,
  convertToDirectSpecification,
  convertToRoomSpecification,
  profileSpecification,
  keysStatusSpecification,
  keysCopySpecification,
  keysImportSpecification,
  keysExportSpecification,
  keysCheckSpecification,
  reportSpecification,
  roomsSpecification,
  askSpecification,
  knockSpecification,
  dmSpecification,
  announceSpecification,
  renameOldSpecification,
  leaveOldSpecification,
  finishSpecification,
  finishMentionsSpecification,
  finishSessionsSpecification,
  finishEndSpecification,
  finishCloseSpecification,
  exportSpecification,
  importSpecification,
  forgetSpecification,
];

/** The operations on runs. Every effect is stored before it is answered. */
export interface RunCommands {
  starter: Pick<RunStarter, "start" | "inviteAll" | "joinAll" | "copyProfile" | "previewUndo" | "undo">;
  control: Pick<RunControl, "pause" | "resume" | "cancel" | "abandonOnLogout">;
  overview: Pick<RunOverview, "statuses" | "kept" | "isWatched" | "lastPlan">;
}

/** The operations on room keys. */
export interface KeyCommands {
  opening: Pick<BackupOpening, "byTyping" | "byEmoji">;
  overview: Pick<KeyOverview, "ways" | "status" | "unfinished">;
  files: Pick<KeyFiles, "import" | "forget">;
  cancel: KeyServices["cancel"];
  answerEmoji: KeyServices["answerEmoji"];
}

/** The operations at the end of a move. */
export interface FinishCommands {
  checklist: Pick<FinishChecklist, "check">;
  mentions: Pick<MentionRules, "set">;
  ending: Pick<MoveEnding, "previewSessions" | "endSessions" | "previewEnd" | "end" | "closing">;
}

/** The parts of each service that commands use. */
export interface CommandServices {
  signIn: Pick<SignIn, "account" | "offer" | "signIn" | "waiting" | "cancel" | "signOut" | "states">;
  accounts: Pick<PeoplesAccounts, "of" | "overview" | "filesInstead">;
  forget: (owner: string) => Promise<Forgotten>;
  planning: Pick<Planning, "plan">;
  runs: RunCommands;
  proposals: Pick<Proposals, "preview" | "confirm">;
  finish: FinishCommands;
  keys: KeyCommands;
  fileImports: Pick<FileImports, "import">;
  fileExports: Pick<FileExports, "rooms" | "data">;
  /** The largest file that the bot's server takes, in bytes. */
  uploadLimit: () => Promise<number>;
  verify: (request: StartRequest) => Promise<VerifyResult>;
  convert: (owner: string, request: ConvertRequest) => Promise<ConvertResult>;
  listRooms: (owner: string, request: RoomListRequest) => Promise<RoomListResult>;
  checkKeys: (owner: string, order: KeyCheckOrder) => Promise<KeyCheckResult>;
  plans: Pick<Plans, "numberedRoomIds">;
  now: () => number;
  prefix: string;
}

/** The executable commands: one for each specification. */
export function createCommands(services: CommandServices): readonly Command[] {
  const { forget, prefix } = services;
  return [
    helpCommand(specifications, prefix),
    loginCommand(services),
    cancelCommand(services),
    logoutCommand(services),
    whoamiCommand(services),
    migratePlanCommand(services),
    migrateStartCommand(services),
    migrateStatusCommand(services),
    migratePauseCommand(services),
    migrateResumeCommand(services),
    migrateCancelCommand(services),
    migrateVerifyCommand(services),
    migrateUndoCommand(services),
    inviteAllCommand(services),
    joinAllCommand(services),
    convertCommand(true, services),
    convertCommand(false, services),
    profileCommand(services),
    keysStatusCommand(services),
    keysCopyCommand(services),
    keysImportCommand(services),
    keysExportCommand(services),
    keysCheckCommand(services),
    reportCommand(services),
    roomsCommand(services),
    askCommand(services),
    knockCommand(services),
    dmCommand(services),
    announceCommand(services),
    renameOldCommand(services),
    leaveOldCommand(services),
    finishCommand(services),
    finishMentionsCommand(services),
    finishSessionsCommand(services),
    finishEndCommand(services),
    finishCloseCommand(services),
    exportCommand(services),
    importCommand(services),
    forgetCommand(forget),
  ];
}

/** The actions that need a confirmation, by their name in the stored question. */
export function createConfirmableActions(
  services: Pick<CommandServices, "accounts" | "runs" | "keys" | "proposals" | "finish" | "prefix">,
): ConfirmableActions {
  return {
    undo: undoAction(services),
    [EMOJI_ACTION]: emojiAction(services),
    [askContact.action]: contactAction(askContact, services),
    [knockContact.action]: contactAction(knockContact, services),
    [dmContact.action]: contactAction(dmContact, services),
    [announceContact.action]: contactAction(announceContact, services),
    [renameContact.action]: contactAction(renameContact, services),
    [leaveContact.action]: contactAction(leaveContact, services),
    ...finishSessionsActions(services),
    ...finishEndActions(services),
  };
}
