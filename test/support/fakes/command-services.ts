import type { CommandServices } from "../../../src/commands/registry.ts";
import { scriptedMoves } from "./scripted-moves.ts";

/** Fails the test: a command called a service that the test has not scripted. */
export function notScripted(): never {
  throw new Error("the test has no answer to this call");
}

/** Says that nobody has signed in, and that there is no file. */
export const noAccounts: CommandServices["accounts"] = {
  of: async () => ({ source: null, target: null }),
  overview: async () => null,
  filesInstead: async () => ({}),
};

/** The services of the commands. Without `scripted` each call of a service fails. */
export function commandServices(scripted: Partial<CommandServices> = {}): CommandServices {
  return {
    signIn: {
      account: notScripted,
      offer: notScripted,
      signIn: notScripted,
      waiting: notScripted,
      cancel: notScripted,
      signOut: notScripted,
      states: notScripted,
    },
    accounts: noAccounts,
    forget: notScripted,
    planning: { plan: notScripted },
    ...scriptedMoves({}).services,
    proposals: { preview: notScripted, confirm: notScripted },
    finish: {
      checklist: { check: notScripted },
      mentions: { set: notScripted },
      ending: {
        previewSessions: notScripted,
        endSessions: notScripted,
        previewEnd: notScripted,
        end: notScripted,
        closing: notScripted,
      },
    },
    keys: {
      opening: { byTyping: notScripted, byEmoji: notScripted },
      overview: { ways: notScripted, status: notScripted, unfinished: notScripted },
      files: { import: notScripted, forget: notScripted },
      cancel: notScripted,
      answerEmoji: notScripted,
    },
    fileImports: { import: notScripted },
    fileExports: { rooms: notScripted, data: notScripted },
    uploadLimit: async () => 50 * 1_048_576,
    listRooms: notScripted,
    checkKeys: notScripted,
    plans: { numberedRoomIds: notScripted },
    now: () => 0,
    prefix: "!",
    ...scripted,
  };
}
