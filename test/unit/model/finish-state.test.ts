import { describe, expect, it } from "vitest";
import type { FinishLine, FinishState } from "../../../src/model/finish-state.ts";
import { FINISH_LINES, finishStateFormat, isLineDone } from "../../../src/model/finish-state.ts";
import { finishState } from "../../support/fakes/finish-samples.ts";

interface Case {
  line: FinishLine;
  title: string;
  state: Partial<FinishState>;
  isDone: boolean;
}

const leaving = { left: 0, open: 0, kept: 0, hasBegun: false, notMoved: 0 };
const keys = { expected: 10, toCopy: 0, isUnreadable: false };
const comparison = { rooms: 5, moved: 5, missing: 0, canBegin: false };

const cases: Case[] = [
  { line: "verify", title: "all is there", state: { comparison }, isDone: true },
  {
    line: "verify",
    title: "a room is not moved",
    state: { comparison: { ...comparison, moved: 4 } },
    isDone: false,
  },
  {
    line: "verify",
    title: "a setting is missing",
    state: { comparison: { ...comparison, missing: 1 } },
    isDone: false,
  },
  {
    line: "keys",
    title: "there is nothing to copy",
    state: { keys: { ...keys, expected: 0 } },
    isDone: true,
  },
  { line: "keys", title: "all are copied", state: { keys }, isDone: true },
  { line: "keys", title: "one can be copied", state: { keys: { ...keys, toCopy: 1 } }, isDone: false },
  {
    line: "keys",
    title: "a backup is not shown",
    state: { keys: { ...keys, isUnreadable: true } },
    isDone: false,
  },
  {
    line: "rename",
    title: "the name has the new ID",
    state: { name: { name: "Ann (now @ann:new.example)", isRenamed: true, announced: 0 } },
    isDone: true,
  },
  {
    line: "rename",
    title: "rooms were told and the name is as before",
    state: { name: { name: "Ann", isRenamed: false, announced: 9 } },
    isDone: false,
  },
  { line: "leave", title: "it is in no moved room", state: { leaving }, isDone: true },
  {
    line: "leave",
    title: "a move would still bring rooms",
    state: { leaving: { ...leaving, notMoved: 2 }, comparison: { ...comparison, moved: 3, canBegin: true } },
    isDone: false,
  },
  {
    line: "leave",
    title: "the other rooms wait for people",
    state: { leaving: { ...leaving, notMoved: 2 }, comparison: { ...comparison, moved: 3 } },
    isDone: true,
  },
  {
    line: "leave",
    title: "the rest is kept on purpose",
    state: { leaving: { ...leaving, left: 12, kept: 3, hasBegun: true } },
    isDone: true,
  },
  {
    line: "leave",
    title: "rooms would be kept, and nobody has asked to leave any",
    state: { leaving: { ...leaving, kept: 3 } },
    isDone: false,
  },
  {
    line: "leave",
    title: "one more can be left",
    state: { leaving: { ...leaving, left: 12, open: 1, hasBegun: true } },
    isDone: false,
  },
  { line: "mentions", title: "the rule works", state: { hasMentionRule: true }, isDone: true },
  { line: "mentions", title: "there is no rule", state: { hasMentionRule: false }, isDone: false },
  { line: "sessions", title: "there is no other session", state: { otherSessions: 0 }, isDone: true },
  { line: "sessions", title: "they are not known", state: { otherSessions: null }, isDone: false },
  {
    line: "sessions",
    title: "all were ended",
    state: { signedOut: { at: 1, state: "done" } },
    isDone: true,
  },
  {
    line: "sessions",
    title: "the server may have been asked to end them",
    state: { signedOut: { at: 1, state: "begun" } },
    isDone: false,
  },
  { line: "end", title: "the person ended the move", state: { endedAt: 1 }, isDone: true },
  { line: "end", title: "the bot is signed in", state: {}, isDone: false },
  { line: "close", title: "everything else is done", state: { endedAt: 1 }, isDone: false },
];

describe("a line of the checklist", () => {
  it.each(cases)("$line is done: $isDone, if $title", ({ line, state, isDone }) => {
    expect(isLineDone(line, finishState(state))).toBe(isDone);
  });

  it("has a case for each line", () => {
    expect([...new Set(cases.map(({ line }) => line))]).toEqual([...FINISH_LINES]);
  });

  it("is stored and read again", () => {
    const state = finishState({ signedOut: { at: 5, state: "done" } });
    const stored: unknown = JSON.parse(JSON.stringify(finishStateFormat.toStored(state)));
    expect(finishStateFormat.fromStored(stored)).toEqual(state);
    expect(finishStateFormat.fromStored({ v: 1, at: 3 })).toBeNull();
  });
});
