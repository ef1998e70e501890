import type { RunPurpose } from "../../model/run.ts";
import type { RunStatus } from "../../service/run/results.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** The name of a run at the beginning of a sentence. */
export const runNames: Readonly<Record<RunPurpose, string>> = {
  move: "The move",
  invitations: "The round of invitations",
  joins: "The round of joins",
  profile: "The copy of your profile",
  undo: "The undo",
  ask: "Asking for help",
  knock: "Knocking",
  direct_chats: "Opening direct chats",
  announce: "The announcement",
  rename: "Renaming your old account",
  mentions: "The change of the rule for mentions",
  leave: "Leaving rooms",
};

/** What one step of a run is called. */
export function stepNoun({ purpose }: Pick<RunStatus, "purpose">): string {
  switch (purpose) {
    case "ask":
      return "question";
    case "knock":
      return "knock";
    case "direct_chats":
      return "chat";
    case "announce":
      return "message";
    case "rename":
      return "name";
    default:
      return "step";
  }
}

/** Runs at the beginning of a sentence, with the verb: `The move and asking for help are`. */
export function runList(
  run: Pick<RunStatus, "purpose">,
  others: readonly Pick<RunStatus, "purpose">[],
): string {
  const names = others.map(({ purpose }) => lowerFirst(runNames[purpose]));
  const [last, ...between] = [...names].reverse();
  const first = [runNames[run.purpose], ...between.reverse()].join(", ");
  return last === undefined ? `${first} is` : `${first} and ${last} are`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Whether a run is counted in rooms. All others are counted in steps. */
export function isAboutRooms({ purpose }: Pick<RunStatus, "purpose">): boolean {
  return purpose === "move" || purpose === "invitations" || purpose === "joins";
}

/** The two accounts of a run: `old → new`. */
export function accountsOf({ source, target }: Pick<RunStatus, "source" | "target">): Inline[] {
  return [code(untrustedCode(source)), " → ", code(untrustedCode(target))];
}
