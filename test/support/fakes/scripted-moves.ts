import type { CommandServices, RunCommands } from "../../../src/commands/registry.ts";
import type { RunStatus } from "../../../src/service/run/results.ts";

type Scripted = RunCommands["starter"] &
  RunCommands["control"] &
  RunCommands["overview"] &
  Pick<CommandServices, "verify" | "convert">;
type Answers = { [Name in keyof Scripted]?: Awaited<ReturnType<Scripted[Name]>> };

/** Services of runs with fixed answers, each given after `work`. `asked` keeps the calls. */
export function scriptedMoves(answers: Answers, work: () => Promise<void> = async () => undefined) {
  const asked: unknown[][] = [];
  function answer<Name extends keyof Scripted>(name: Name) {
    return async (...call: unknown[]): Promise<NonNullable<Answers[Name]>> => {
      asked.push([name, ...call]);
      await work();
      const given = answers[name];
      if (!given) throw new Error(`no answer to ${name}`);
      return given;
    };
  }
  const services: Pick<CommandServices, "runs" | "verify" | "convert"> = {
    runs: {
      starter: {
        start: answer("start"),
        inviteAll: answer("inviteAll"),
        joinAll: answer("joinAll"),
        copyProfile: answer("copyProfile"),
        previewUndo: answer("previewUndo"),
        undo: answer("undo"),
      },
      control: {
        pause: answer("pause"),
        resume: answer("resume"),
        cancel: answer("cancel"),
        abandonOnLogout: async () => null,
      },
      overview: {
        lastPlan: async () => null,
        statuses: async () => answers.statuses ?? [],
        kept: async () => answers.kept ?? null,
        isWatched: async (_owner, report) => {
          asked.push(["isWatched", report]);
          return answers.isWatched ?? false;
        },
      },
    },
    verify: answer("verify"),
    convert: answer("convert"),
  };
  return { services, asked };
}

/** A run in progress. */
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
    isHeldBack: false,
    waits: [],
    expectedEnd: null,
    problem: null,
    wasInterrupted: false,
    ...more,
  };
}
