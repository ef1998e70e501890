import type { Side } from "../../model/account.ts";
import type { StepOutcome } from "../../model/step-outcome.ts";
import type { Run, TakenStep } from "../../model/run.ts";
import { isUnfinished } from "../../model/run-states.ts";
import type { PlannedStep } from "../../model/step.ts";
import { serverNameOf } from "../../platforms/matrix/ids/identifiers.ts";
import { routeOfStep } from "../../model/room-routes.ts";
import { allowedIn } from "../../model/room-routes.ts";
import { stepsInto } from "../../platforms/matrix/steps-of-run.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { RoomMove } from "../../model/room-routes.ts";
import { historyOf } from "../../platforms/matrix/room-of-run.ts";
import { isLeft, nextRoute, roomAfter, withoutThrough } from "../../model/room-routes.ts";
import type { StepContext } from "../../platforms/matrix/steps/step-context.ts";
import { runStep } from "../../platforms/matrix/run-step.ts";
import type { RunnerWork, Unread } from "../../queue/runner-work.ts";
import type { Runs } from "../../store/runs.ts";
import type { Consequences, Steps } from "../../store/steps.ts";
import type { AccountClient, AccountClients } from "../accounts/clients.ts";

/** For this long after both accounts were read, what was read is taken as current. */
const FRESH_MS = 10 * 60_000;

export interface RunWorkOptions {
  clients: AccountClients;
  runs: Runs;
  steps: Steps;
  settled: RunnerWork["settled"];
  changed: (run: Run) => void;
  /** The words that the people of a room read with a knock, about the account that they know. */
  knockReason: (sourceUserId: string) => string;
  now: () => number;
}

/**
 * The work of runs: runs single steps for two accounts, and gives a room its next route when one
 * fails.
 */
export class RunWork implements RunnerWork {
  readonly #options: RunWorkOptions;

  constructor(options: RunWorkOptions) {
    this.#options = options;
  }

  async execute(run: Run, step: TakenStep, signal: AbortSignal): Promise<StepOutcome> {
    const { clients, now } = this.#options;
    const [source, target] = [
      await clients.open(run.owner, "source"),
      await clients.open(run.owner, "target"),
    ];
    const mine = (opened: AccountClient | null, side: Side): boolean => opened?.account.userId === run[side];
    // Never with another account than those of the run, on either side.
    const missing = !mine(source, "source") ? "source" : !mine(target, "target") ? "target" : null;
    if (source === null || target === null || missing !== null)
      return {
        status: "needs_user",
        problem: { code: "session_ended", serverText: null },
        side: missing ?? step.side,
      };
    const inside = await this.#roomsInside(run, step);
    const context: StepContext = {
      client: { source: source.client, target: target.client },
      userId: { source: run.source, target: run.target },
      canSkipCheck: step.attempts === 1 && now() - run.startedAt < FRESH_MS,
      savedUndo: step.savedUndo,
      saveUndo: (undo) => this.#options.steps.saveUndo(step.id, undo),
      isInside: (roomId) => inside.has(roomId),
      ...(await this.#historyOf(run, step)),
      knockReason: this.#options.knockReason(run.source),
      signal,
    };
    return runStep(step, context);
  }

  async consequencesOf(
    run: Run,
    step: TakenStep,
    outcome: StepOutcome,
    isFinal: boolean,
  ): Promise<Omit<Consequences, "limiters">> {
    const nothing = { rooms: [], steps: [], dropped: [], run: null };
    if (outcome.status === "needs_user") {
      const problem = {
        side: outcome.side ?? step.side,
        problem: outcome.problem,
        since: this.#options.now(),
      };
      return { ...nothing, run: { event: "needs_owner", change: { problem } } };
    }
    if (!isFinal || step.roomId === null || routeOfStep(step.kind) === null) return nothing;
    const storedFirst = await this.#options.runs.room(run.id, step.roomId);
    if (storedFirst === null) return nothing;
    const first = roomAfter(storedFirst, step.kind, outcome, {
      now: this.#options.now(),
      allowed: allowedIn(run),
    });
    const rooms: RunRoom[] = [];
    const steps: PlannedStep[] = [];
    const dropped: string[] = [];
    const moves: RoomMove[] = [first];
    for (const { room, next } of moves) {
      rooms.push(room);
      if (next !== null) steps.push(...stepsInto(room, next));
      if (!isLeft(room)) continue;
      // Rooms that were to be reached through this one take another route.
      for (const waiting of await this.#options.steps.waitingForRoom(run.id, room.roomId)) {
        if (waiting.kind !== "join_restricted" || waiting.roomId === null) continue;
        const storedRoom = await this.#options.runs.room(run.id, waiting.roomId);
        if (storedRoom === null || moves.some((move) => move.room.roomId === waiting.roomId)) continue;
        dropped.push(waiting.key);
        moves.push(withoutThrough(storedRoom, allowedIn(run)));
      }
    }
    rooms.push(...(await this.#replacedBy(run, rooms)));
    const stored = await this.#options.runs.get(run.id);
    return { rooms, steps: stored === null || !isUnfinished(stored) ? [] : steps, dropped, run: null };
  }

  async hasOtherRoute(run: Run, step: TakenStep): Promise<boolean> {
    const route = routeOfStep(step.kind);
    const stored =
      route === null || step.roomId === null ? null : await this.#options.runs.room(run.id, step.roomId);
    if (route === null || stored === null) return false;
    const next = nextRoute(stored, route, allowedIn(run));
    return next !== null && next !== "knock";
  }

  serverOf(run: Run, side: Side): string {
    return serverNameOf(run[side]) ?? "";
  }

  settled(run: Run, signal: AbortSignal): Promise<Unread | null> {
    return this.#options.settled(run, signal);
  }

  changed(run: Run): void {
    this.#options.changed(run);
  }

  /** Only read markers depend on the history of a room. */
  async #historyOf(
    run: Run,
    { kind, roomId, attempts }: TakenStep,
  ): Promise<Partial<ReturnType<typeof historyOf>>> {
    const stored =
      kind === "read_marker" && roomId !== null ? await this.#options.runs.room(run.id, roomId) : null;
    return stored === null ? {} : historyOf(stored, attempts);
  }

  /**
   * Read only for steps that depend on it: those that merge whole lists, that join through another
   * room, and that undo something inside a room.
   */
  async #roomsInside(run: Run, { kind }: TakenStep): Promise<ReadonlySet<string>> {
    const isAsked =
      kind === "direct_chats" || kind === "push_rules" || kind === "join_restricted" || kind === "undo";
    if (!isAsked) return new Set();
    return this.#options.runs.roomsInside(run.id);
  }

  /** Rows of upgraded rooms get the status of their replacements. */
  async #replacedBy(run: Run, changed: readonly RunRoom[]): Promise<RunRoom[]> {
    const byId = new Map(changed.map((room) => [room.roomId, room]));
    const replaced = await this.#options.runs.replacedRooms(run.id);
    return replaced.flatMap((room) => {
      const successor = byId.get(room.planned.row.successor ?? "");
      return successor === undefined || successor.status === room.status
        ? []
        : [{ ...room, status: successor.status }];
    });
  }
}
