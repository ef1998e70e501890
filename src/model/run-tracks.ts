import type { Run, RunPurpose } from "./run.ts";

/**
 * Runs of different tracks go on side by side. A person has at most one active run of most tracks.
 * All runs that change where the accounts are have the track `move`, because they would disturb
 * each other.
 */
export const RUN_TRACKS = [
  "move",
  "ask",
  "knock",
  "direct_chats",
  "announce",
  "rename",
  "mentions",
] as const satisfies readonly RunPurpose[];
export type RunTrack = (typeof RUN_TRACKS)[number];

/** The track of a run. */
export function trackOf({ purpose }: Pick<Run, "purpose">): RunTrack {
  switch (purpose) {
    case "move":
    case "invitations":
    case "joins":
    case "profile":
    case "undo":
    case "leave":
      return "move";
    default:
      return purpose;
  }
}

/**
 * Tracks that may have several active runs of one person. A run that opens new chats may wait for
 * the daily limit for days.
 */
const SEVERAL: readonly string[] = ["ask", "direct_chats"] satisfies readonly RunTrack[];

/** Whether a person may have several active runs of a track. */
export function maySeveralBeActive(track: string): boolean {
  return SEVERAL.includes(track);
}

/**
 * Whether a run keeps another one from beginning. Leaving rooms stands alone: what others are told
 * or asked there must have ended. An undo takes back what the runs of some tracks write.
 */
export function isHindered(beginning: RunPurpose, by: RunPurpose): boolean {
  if (trackOf({ purpose: beginning }) === trackOf({ purpose: by })) return true;
  if (beginning === "leave" || by === "leave") return true;
  const isUndone = (purpose: RunPurpose): boolean => purpose === "rename" || purpose === "mentions";
  return (beginning === "undo" && isUndone(by)) || (by === "undo" && isUndone(beginning));
}

/**
 * Whether a run moves things between the accounts or takes that back. Other runs are contact with
 * people, or leave rooms.
 */
export function isMove(run: Pick<Run, "purpose">): boolean {
  return trackOf(run) === "move" && run.purpose !== "leave";
}

/**
 * Whether a run asks people to let the target in. Its rooms are watched for their answers, unless a
 * run of a whole move watches them.
 */
export function asksPeople({ purpose }: Pick<Run, "purpose">): boolean {
  return purpose === "ask" || purpose === "knock";
}
