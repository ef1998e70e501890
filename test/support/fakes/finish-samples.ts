import type { FinishState } from "../../../src/model/finish-state.ts";

/** Nothing is done yet. */
export function finishState(more: Partial<FinishState> = {}): FinishState {
  return {
    at: Date.UTC(2026, 10, 30, 17, 0),
    source: "@ann:old.example",
    target: "@ann:new.example",
    comparison: { rooms: 200, moved: 187, missing: 4, canBegin: true },
    keys: { expected: 5_000, toCopy: 120, isUnreadable: false },
    name: { name: "Ann", isRenamed: false, announced: 0 },
    leaving: { left: 0, open: 180, kept: 7, hasBegun: false, notMoved: 13 },
    hasMentionRule: false,
    otherSessions: 3,
    signedOut: null,
    endedAt: null,
    ...more,
  };
}
