import { isAccountProblem } from "../../model/account-problem.ts";
import type { Side } from "../../model/account.ts";
import { isFromFile, knownSince } from "../../model/account.ts";
import type { ChatReservation, ContactOf, ContactRecords } from "../../model/contact.ts";
import type { RoomMove } from "../../model/room-routes.ts";
import {
  allowedIn,
  isNotEntered,
  nextRoute,
  roomAfter,
  routeOfStep,
  withoutThrough,
} from "../../model/room-routes.ts";
import type { RunRoom } from "../../model/run-room.ts";
import { isUnfinished } from "../../model/run-states.ts";
import type { Run, TakenStep } from "../../model/run.ts";
import type { StepOutcome } from "../../model/step-outcome.ts";
import type { PlannedStep } from "../../model/step.ts";
import type { ContactTexts } from "../../platforms/contact.ts";
import type { Platforms } from "../../platforms/platform.ts";
import type { FollowUp, StepFacts } from "../../platforms/runs.ts";
import type { RunnerWork, StepControl, Unread } from "../../queue/runner-work.ts";
import type { Contacts } from "../../store/contacts.ts";
import type { Runs } from "../../store/runs.ts";
import type { Consequences, Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";

/** How long the reading of both accounts counts as current. */
const FRESH_MS = 10 * 60_000;

export interface RunWorkOptions {
  accounts: Pick<PeoplesAccounts, "perhapsOfRun">;
  platforms: Platforms<"pair" | "runs" | "serverName">;
  runs: Runs;
  steps: Steps;
  contacts: Pick<Contacts, "reserveChat">;
  /** The number of chats that the bot opens for a move within 24 hours. */
  newChatsPerDay: number;
  settled: RunnerWork["settled"];
  changed: (run: Run) => void;
  /** What the store knows of earlier contact of a move with other people. */
  records: (move: ContactOf) => Promise<ContactRecords>;
  /**
   * The reason that the people of a room read with a knock. It names the account that they know.
   */
  knockReason: ContactTexts["knockReason"];
  now: () => number;
}

/**
 * The work of runs. It runs single steps for two accounts. If a route into a room fails, it plans
 * the next one.
 */
export class RunWork implements RunnerWork {
  readonly #options: RunWorkOptions;

  constructor(options: RunWorkOptions) {
    this.#options = options;
  }

  async execute(run: Run, step: TakenStep, control: StepControl): Promise<StepOutcome> {
    const outcome = await this.#execute(run, step, control);
    if (outcome.status !== "needs_user" || run.endedAt === null) return outcome;
    // A run that has ended once watches without the old account, and does the step when it can.
    const side = outcome.side ?? step.side;
    return side === "source" ? { status: "failed", problem: outcome.problem } : outcome;
  }

  /** Ends a chat that a run was opening when it ended (`isEnding` of `StepFacts`). */
  endChat(run: Run, step: TakenStep, signal: AbortSignal): Promise<StepOutcome> {
    // The store records the end as a whole. The step is no longer one that is being tried.
    const ending = { isEnding: true, saveUndo: () => Promise.resolve() };
    return this.#execute(run, step, { signal, mayGoOn: () => true }, ending);
  }

  async #execute(
    run: Run,
    step: TakenStep,
    { signal, mayGoOn }: StepControl,
    ending: Partial<Pick<StepFacts, "isEnding" | "saveUndo">> = {},
  ): Promise<StepOutcome> {
    const { accounts, platforms, runs, steps, records, knockReason, now } = this.#options;
    // A step never runs with other accounts than those of the run.
    const { source, target } = await accounts.perhapsOfRun(run);
    if (source === null || target === null)
      return {
        status: "needs_user",
        problem: { code: "session_ended", serverText: null },
        side: source === null ? "source" : "target",
      };
    const outcome = await platforms[step.platform].pair({ source, target }).runStep(step, {
      canSkipCheck: step.attempts === 1 && isFresh(run, now()),
      saveUndo: (undo) => steps.saveUndo(step, undo),
      imageCopies: runs.imageCopies(run.id),
      joinedRooms: () => runs.joinedRooms(run.id),
      room: async () => (step.roomId === null ? null : runs.room(run.id, step.roomId)),
      reserveChat: (chat) => this.#reserveChat(run, step, chat),
      knockReason: knockReason({
        ...{ old: run.source, new: run.target, name: run.source },
        ...{ isProven: !isFromFile(source), typed: null },
      }),
      records: () => records(run),
      signal,
      mayGoOn,
      ...ending,
    });
    if (outcome.status !== "needs_user") return outcome;
    const side = outcome.side ?? step.side;
    const used = { source, target }[side];
    const signedIn = (await accounts.perhapsOfRun(run))[side];
    // The answer is about an earlier session. The owner has signed in since.
    return signedIn !== null && !isFromFile(signedIn) && knownSince(signedIn) !== knownSince(used)
      ? { status: "interrupted" }
      : outcome;
  }

  async consequencesOf(
    run: Run,
    step: TakenStep,
    outcome: StepOutcome,
    isFinal: boolean,
  ): Promise<Omit<Consequences, "limiters">> {
    const nothing = { rooms: [], steps: [], dropped: [], run: null };
    if (outcome.status === "needs_user" || outcome.status === "held") {
      const problem = {
        side: outcome.side ?? step.side,
        problem: outcome.problem,
        since: this.#options.now(),
      };
      const event = outcome.status === "held" ? "held" : "needs_owner";
      return { ...nothing, run: { event, change: { problem } } };
    }
    if (!isFinal) return nothing;
    if (step.roomId === null || routeOfStep(step.kind) === null)
      return { ...nothing, ...(await this.#followUp(run, step, outcome)) };
    // The room has refused nothing. The step is done when the account can be used again.
    if (outcome.status === "failed" && isAccountProblem(outcome.problem)) return nothing;
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
      if (next !== null) steps.push(...this.#options.platforms[run.platform].runs.stepsInto(room, next));
      if (!isNotEntered(room)) continue;
      // Rooms that this one would have opened take another route.
      for (const waiting of await this.#options.steps.waitingForRoom(run.id, room.roomId)) {
        if (waiting.kind !== "join_restricted" || waiting.roomId === null) continue;
        const storedRoom = await this.#options.runs.room(run.id, waiting.roomId);
        if (storedRoom === null || moves.some((move) => move.room.roomId === waiting.roomId)) continue;
        dropped.push(waiting.key);
        moves.push(withoutThrough(storedRoom, allowedIn(run)));
      }
    }
    rooms.push(...(await this.#replacedBy(run, rooms)));
    return { rooms, steps: (await this.#isOver(run)) ? [] : steps, dropped, run: null };
  }

  #reserveChat(
    run: Run,
    { key, side }: TakenStep,
    chat: Parameters<StepFacts["reserveChat"]>[0],
  ): Promise<ChatReservation> {
    const { contacts, newChatsPerDay, now } = this.#options;
    const opened = { ...chat, move: run, step: { runId: run.id, key }, by: run[side] };
    return contacts.reserveChat(opened, newChatsPerDay, now());
  }

  async #followUp(run: Run, step: TakenStep, outcome: StepOutcome): Promise<FollowUp> {
    const { platforms } = this.#options;
    const { contact, steps } = platforms[run.platform].runs.followUp(step, outcome);
    return { contact, steps: steps.length > 0 && (await this.#isOver(run)) ? [] : steps };
  }

  /** Whether the run was cancelled while the step was under way. */
  async #isOver(run: Run): Promise<boolean> {
    const stored = await this.#options.runs.get(run.id);
    return stored === null || !isUnfinished(stored);
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
    return this.#options.platforms[run.platform].serverName(run[side]);
  }

  settled(run: Run, signal: AbortSignal): Promise<Unread | null> {
    return this.#options.settled(run, signal);
  }

  changed(run: Run): void {
    this.#options.changed(run);
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

/** The clock may have been set back since the run began. */
function isFresh({ startedAt }: Run, now: number): boolean {
  return Math.abs(now - startedAt) < FRESH_MS;
}
