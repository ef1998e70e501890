import type { RunPurpose } from "../../model/run.ts";
import type { RunStatus } from "../../service/run/results.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** What a run is called at the beginning of a sentence. */
export const runNames: Readonly<Record<RunPurpose, string>> = {
  move: "The move",
  invitations: "The round of invitations",
  joins: "The round of joins",
  profile: "The copy of your profile",
  undo: "The undo",
};

/** Whether a run is about rooms; the others are counted in single steps. */
export function isAboutRooms({ purpose }: Pick<RunStatus, "purpose">): boolean {
  return purpose === "move" || purpose === "invitations" || purpose === "joins";
}

/** From where to where. */
export function accountsOf({ source, target }: Pick<RunStatus, "source" | "target">): Inline[] {
  return [code(untrustedCode(source)), " → ", code(untrustedCode(target))];
}
