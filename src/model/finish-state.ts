import { z } from "zod";
import { storedFormat } from "./stored.ts";

const count = z.int();

/** What the servers said about the end of a move, and when. */
const finishStateSchema = z.object({
  /** In milliseconds since the epoch. */
  at: z.number(),
  source: z.string(),
  target: z.string(),
  /** Nobody has signed in the old account: files say what it had. */
  isFromFile: z.literal(true).optional(),
  /** The comparison of both accounts, without keys. */
  comparison: z.object({
    /** Rooms in which the old account is, and those of them in which the new one is too. */
    rooms: count,
    moved: count,
    /** Everything else that is missing. */
    missing: count,
    /** Whether the bot alone can move something of it. */
    canBegin: z.boolean(),
  }),
  keys: z.object({
    expected: count,
    /** Missing keys that a copy can bring. */
    toCopy: count,
    isUnreadable: z.boolean(),
  }),
  name: z.object({ name: z.string().nullable(), isRenamed: z.boolean(), announced: count }),
  leaving: z.object({
    /** Rooms that the old account has left by the bot. */
    left: count,
    /** Rooms that it can leave. */
    open: count,
    /** Rooms in which it stays, for reasons. */
    kept: count,
    /** Whether the person has let it leave rooms, and so knows of those that are kept. */
    hasBegun: z.boolean(),
    notMoved: count,
  }),
  hasMentionRule: z.boolean(),
  /** Sessions of the old account besides the bot's; `null`: they could not be read. */
  otherSessions: count.nullable(),
  /**
   * The end of all sessions of the old account. `begun`: the server may have been asked for it.
   */
  signedOut: z.object({ at: z.number(), state: z.enum(["begun", "done"]) }).nullable(),
  /** When the person ended the move. */
  endedAt: z.number().nullable(),
});
export type FinishState = z.infer<typeof finishStateSchema>;

/** How it is stored. */
export const finishStateFormat = storedFormat({ version: 1, schema: finishStateSchema });

/** The lines of the checklist, in the order in which they are best done. */
export const FINISH_LINES = [
  "verify",
  "keys",
  "rename",
  "leave",
  "mentions",
  "sessions",
  "end",
  "close",
] as const;
export type FinishLine = (typeof FINISH_LINES)[number];

/** The lines that only the old account itself can do. */
const OF_OLD_ACCOUNT: ReadonlySet<FinishLine> = new Set<FinishLine>(["keys", "rename", "leave", "sessions"]);

/** Whether nobody can do a line, because nobody has signed in the old account. */
export function isLinePossible(line: FinishLine, { isFromFile }: Pick<FinishState, "isFromFile">): boolean {
  return isFromFile !== true || !OF_OLD_ACCOUNT.has(line);
}

/** Whether nothing is left to do for a line. Closing the account is never done by the bot. */
export function isLineDone(line: FinishLine, state: FinishState): boolean {
  const { comparison, keys, leaving } = state;
  if (!isLinePossible(line, state)) return false;
  switch (line) {
    case "verify":
      return comparison.moved === comparison.rooms && comparison.missing === 0;
    case "keys":
      return keys.toCopy === 0 && !keys.isUnreadable;
    case "rename":
      return state.name.isRenamed;
    case "leave":
      // Rooms that a move would still bring are left after it.
      if (leaving.open > 0) return false;
      return leaving.hasBegun || (leaving.kept === 0 && (leaving.notMoved === 0 || !comparison.canBegin));
    case "mentions":
      return state.hasMentionRule;
    case "sessions":
      return state.signedOut?.state === "done" || state.otherSessions === 0;
    case "end":
      return state.endedAt !== null;
    case "close":
      return false;
  }
}
