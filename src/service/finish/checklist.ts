import type { Account, FileAccount } from "../../model/account.ts";
import { isFromFile } from "../../model/account.ts";
import type { ContactOf, ContactRecords } from "../../model/contact.ts";
import { NOTHING_PLANNED } from "../../model/contact.ts";
import type { PlanFilters } from "../../model/filters.ts";
import { NO_FILTERS } from "../../model/filters.ts";
import type { FinishState } from "../../model/finish-state.ts";
import { keysLeft } from "../../model/keys-left.ts";
import type { ContactTexts, LeaveFacts, Proposal } from "../../platforms/contact.ts";
import type { FinishFacts, PlatformFinish } from "../../platforms/finish.ts";
import type { Decision, PlanFacts } from "../../platforms/planning.ts";
import type { ReadProgress } from "../../platforms/reading.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { DecidedMove, PlanRequest, Planning } from "../plan/planning.ts";
import type { CannotDecide } from "../plan/results.ts";
import type { FinishStates } from "./finish-states.ts";

export interface FinishRequest {
  owner: string;
  /** Rooms in which the person talks with the bot. */
  botRoomIds: readonly string[];
  onProgress: (progress: ReadProgress) => void;
}

interface ComparedAccounts {
  report: PlanFacts["report"];
  work: Pick<PlanFacts["work"], "canBegin">;
}

/** What the checklist needs of a decision. */
interface Decided extends Omit<DecidedMove, "decision"> {
  decision: Pick<Decision, "finish" | "leave"> & { plan: ComparedAccounts };
}

export interface FinishChecklistOptions {
  accounts: Pick<PeoplesAccounts, "of">;
  planning: {
    decide(request: Omit<PlanRequest, "rooms">): Promise<Decided | CannotDecide>;
    last: Planning["last"];
  };
  runs: Pick<Runs, "between">;
  steps: Pick<Steps, "all">;
  records: (move: ContactOf) => Promise<ContactRecords>;
  texts: ContactTexts;
  newChatsPerDay: number;
  states: Pick<FinishStates, "last" | "save">;
  finish: Pick<PlatformFinish, "sessions">;
  now: () => number;
}

/**
 * - `checked`: both servers were asked.
 * - `remembered`: the bot is signed out, because the person has finished. It is what the servers
 *   said last.
 */
export type FinishResult =
  { status: "checked"; state: FinishState } | { status: "remembered"; state: FinishState } | CannotDecide;

/** Everything that the servers say about the end of a move. */
export class FinishChecklist {
  readonly #options: FinishChecklistOptions;

  constructor(options: FinishChecklistOptions) {
    this.#options = options;
  }

  async check(request: FinishRequest): Promise<FinishResult> {
    const { accounts, states } = this.#options;
    const { owner } = request;
    const { source } = await accounts.of(owner);
    if (source === null || isFromFile(source)) {
      const state = await states.last(owner);
      if (state !== null && isRemembered(state, source)) return { status: "remembered", state };
    }
    try {
      const state = await this.#read(request);
      if ("status" in state) return state;
      await states.save(owner, state);
      return { status: "checked", state };
    } catch (error) {
      if (error instanceof UnreadableAccountError)
        return { status: "not_read", account: error.account, refusal: error.refusal };
      throw error;
    }
  }

  async #read({ owner, botRoomIds, onProgress }: FinishRequest): Promise<FinishState | CannotDecide> {
    const { planning, records, texts, newChatsPerDay, now } = this.#options;
    const plan = await planning.last(owner);
    const filters = withKeys(plan?.request.filters ?? { ...NO_FILTERS, categories: null });
    const move = await planning.decide({ owner, filters, botRoomIds, onProgress });
    if ("status" in move) return move;
    const { decision, source, target } = move;
    const known = {
      records: await records({
        ...{ owner, source: source.userId, target: target.userId },
        isFromFile: isFromFile(source),
      }),
      planned: NOTHING_PLANNED,
      texts,
      newChatsPerDay,
      now: now(),
    };
    const state = {
      ...{ at: now(), source: source.userId, target: target.userId },
      ...comparisonOf(decision.plan),
      ...factsOf(decision.finish(), known.records),
      ...{ signedOut: null, endedAt: null },
    };
    if (isFromFile(source)) return { ...state, isFromFile: true, leaving: NO_LEAVING, otherSessions: null };
    const moved = { rooms: [], reason: null, withoutKeys: false, anyway: null };
    const leaving = await decision.leave(moved, known);
    return {
      ...state,
      leaving: await this.#leaving(move, leaving),
      otherSessions: await this.#otherSessions(source),
    };
  }

  async #leaving(
    { source: { owner, userId }, target, decision: { plan } }: Decided,
    { facts: { leaves, kept } }: Proposal<LeaveFacts>,
  ): Promise<FinishState["leaving"]> {
    const { runs, steps } = this.#options;
    const ofLeaving = (await runs.between(owner, userId, target.userId)).filter(
      ({ purpose }) => purpose === "leave",
    );
    let left = 0;
    let keptByLast = new Set<string | null>();
    for (const { id } of ofLeaving) {
      const leaveSteps = (await steps.all(id)).filter(({ kind }) => kind === "leave_room");
      left += leaveSteps.filter(({ state }) => state === "done").length;
      keptByLast = new Set(leaveSteps.filter(({ state }) => state === "failed").map(({ roomId }) => roomId));
    }
    const open = leaves.filter(({ room }) => !keptByLast.has(room.roomId)).length;
    return {
      left,
      open,
      kept: kept.length + leaves.length - open,
      hasBegun: ofLeaving.length > 0,
      notMoved: plan.report.rooms.filter(({ status }) => status !== "done" && status !== "skipped").length,
    };
  }

  async #otherSessions(source: Account): Promise<number | null> {
    try {
      return (await this.#options.finish.sessions(source)).others;
    } catch (error) {
      if (error instanceof UnreadableAccountError) return null;
      throw error;
    }
  }
}

/** Nobody can leave rooms for an account that is known from files. */
const NO_LEAVING: FinishState["leaving"] = { left: 0, open: 0, kept: 0, hasBegun: false, notMoved: 0 };

/** Whether the person has finished. Files that they have imported since begin another move. */
function isRemembered(state: FinishState, file: FileAccount | null): boolean {
  const finishedAt = state.endedAt ?? (state.signedOut?.state === "done" ? state.signedOut.at : null);
  if (finishedAt === null) return false;
  return file === null || (file.userId === state.source && file.importedAt <= finishedAt);
}

/** Keys have a line of their own, also if the plan left them out. */
function withKeys(filters: PlanFilters): PlanFilters {
  const { categories } = filters;
  return { ...filters, categories: categories && [...new Set([...categories, "room_keys" as const])] };
}

function comparisonOf({ report, work }: ComparedAccounts): Pick<FinishState, "comparison" | "keys"> {
  const rooms = report.categories.find(({ name }) => name === "rooms");
  const others = report.categories.filter(({ name }) => name !== "rooms" && name !== "room_keys");
  const { expected, toCopy, isUnreadable } = keysLeft(report);
  return {
    comparison: {
      rooms: rooms?.expected ?? 0,
      moved: rooms?.present ?? 0,
      missing: others.reduce((sum, { missing }) => sum + missing.length, 0),
      canBegin: work.canBegin,
    },
    keys: { expected, toCopy, isUnreadable },
  };
}

function factsOf(
  { name, isRenamed, hasMentionRule }: FinishFacts,
  { announcedAt }: ContactRecords,
): Pick<FinishState, "name" | "hasMentionRule"> {
  return { name: { name, isRenamed, announced: announcedAt.size }, hasMentionRule };
}
