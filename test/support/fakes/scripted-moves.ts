import type { MoveCommands } from "../../../src/service/run/move-commands.ts";
import type { RunStatus } from "../../../src/service/run/results.ts";

type Answers = { [Name in keyof MoveCommands]?: Awaited<ReturnType<MoveCommands[Name]>> };

/** Moves that answer as told, each command after the time given, and keep what they were asked. */
export function scriptedMoves(answers: Answers, work: () => Promise<void> = async () => undefined) {
  const asked: unknown[][] = [];
  function answer<Name extends keyof MoveCommands>(name: Name) {
    return async (...call: unknown[]): Promise<NonNullable<Answers[Name]>> => {
      asked.push([name, ...call]);
      await work();
      const given = answers[name];
      if (!given) throw new Error(`no answer to ${name}`);
      return given;
    };
  }
  const moves: MoveCommands = {
    start: answer("start"),
    inviteAll: answer("inviteAll"),
    joinAll: answer("joinAll"),
    copyProfile: answer("copyProfile"),
    lastPlan: async () => null,
    status: async () => answers.status ?? null,
    isWatched: async (_owner, report) => {
      asked.push(["isWatched", report]);
      return answers.isWatched ?? false;
    },
    pause: answer("pause"),
    resume: answer("resume"),
    cancel: answer("cancel"),
    verify: answer("verify"),
    previewUndo: answer("previewUndo"),
    undo: answer("undo"),
    abandonOnLogout: async () => null,
    convert: answer("convert"),
  };
  return { moves, asked };
}

/** A run in the middle. */
export function runStatus(more: Partial<RunStatus> = {}): RunStatus {
  return {
    number: 3,
    purpose: "move",
    state: "running",
    source: "@a:old.example",
    target: "@a:new.example",
    startedAt: 0,
    endedAt: null,
    isCancelled: false,
    rooms: { done: 12, open: 40, needsModerator: 5, needsYou: 0, failed: 0, skipped: 3 },
    steps: { total: 150, done: 40, failed: 0, dormant: 10 },
    waits: [],
    expectedEnd: null,
    problem: null,
    wasInterrupted: false,
    ...more,
  };
}
