import { createHash } from "node:crypto";
import type { PlatformName } from "../../model/platform-name.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { Run } from "../../model/run.ts";
import type { RoomsOfUndo, StayReasons } from "../../model/stay-reason.ts";
import type { PlannedStep } from "../../model/step.ts";
import type { Platforms } from "../../platforms/platform.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { EarlierRun, PlannedUndo } from "../../platforms/runs.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import { missingSides } from "../accounts/peoples-accounts.ts";
import type { CannotDecide } from "../plan/results.ts";
import type { UndoPreview } from "./results.ts";

export interface UndoPlan {
  platform: PlatformName;
  source: string;
  target: string;
  isFromFile: boolean;
  planNumber: number;
  /** The request of the last run. */
  request: unknown;
  rooms: readonly RunRoom[];
  steps: readonly PlannedStep[];
}

/** What the person has confirmed. */
export interface ConfirmedUndo {
  /** The digest of the preview that they saw (`UndoPreview`). */
  shown: string;
  /** They have typed that the new account leaves rooms in which it would be missed. */
  leavesAnyway: boolean;
}

export interface UndoPlannerOptions {
  runs: Pick<Runs, "last" | "between" | "rooms">;
  steps: Pick<Steps, "all">;
  platforms: Platforms<"runs" | "pair">;
  accounts: Pick<PeoplesAccounts, "perhapsOfRun">;
}

type FoundPreview = UndoPreview | { status: "nothing_to_undo" } | CannotDecide;

interface FoundUndo {
  last: Run;
  rooms: readonly RunRoom[];
  /** As if no room would miss the new account. */
  all: PlannedUndo;
  /** Without the rooms that the new account leaves only if the person types it. */
  preview: PlannedUndo;
  /** What is done. */
  undo: PlannedUndo;
}

/** The digest covers every step and every room that stayReasons, so it changes with any of them. */
function previewOf({ all, preview }: FoundUndo): UndoPreview {
  const kept = preview.facts.kept.map(({ room, reason }) => `${room.roomId} ${reason}`);
  const keys = all.steps.map(({ key }) => key);
  const shown = createHash("sha256")
    .update(JSON.stringify([keys, kept.toSorted()]))
    .digest("hex");
  return { status: "possible", ...preview.facts, canUndoRest: preview.steps.length > 0, shown };
}

/**
 * Plans the undo of everything that earlier runs between the same two accounts have written, newest
 * first.
 */
export class UndoPlanner {
  readonly #options: UndoPlannerOptions;

  constructor(options: UndoPlannerOptions) {
    this.#options = options;
  }

  async preview(owner: string, signal?: AbortSignal): Promise<FoundPreview> {
    const found = await this.#find(owner, false, signal);
    return "status" in found ? found : previewOf(found);
  }

  /**
   * The undo that the person has confirmed. If it is no longer the one that they saw, the new
   * preview instead.
   */
  async plan(
    owner: string,
    { shown, leavesAnyway }: ConfirmedUndo,
    signal?: AbortSignal,
  ): Promise<{ status: "planned"; undo: UndoPlan } | FoundPreview> {
    const found = await this.#find(owner, leavesAnyway, signal);
    if ("status" in found) return found;
    const preview = previewOf(found);
    if (preview.shown !== shown) return preview;
    const { platform, source, target, isFromFile, planNumber, request } = found.last;
    const { steps } = found.undo;
    const accounts = { source, target, isFromFile };
    const undo = { platform, ...accounts, planNumber, request, rooms: found.rooms, steps };
    return { status: "planned", undo };
  }

  /** The undo of all runs between the accounts of the last run, and the rooms of those runs. */
  async #find(
    owner: string,
    leavesAnyway: boolean,
    signal?: AbortSignal,
  ): Promise<FoundUndo | { status: "nothing_to_undo" } | CannotDecide> {
    const { runs, steps, platforms } = this.#options;
    const last = await runs.last(owner);
    if (last === null) return { status: "nothing_to_undo" };
    const earlier: EarlierRun[] = [];
    const byId = new Map<string, RunRoom>();
    for (const { id } of await runs.between(owner, last.source, last.target)) {
      for (const room of await runs.rooms(id)) byId.set(room.roomId, room);
      earlier.push({ id, steps: await steps.all(id) });
    }
    const rooms = [...byId.values()];
    const platform = platforms[last.platform];
    const all = platform.runs.undo(earlier, rooms, { stayReasons: new Map(), leavesAnyway: false });
    if (all.steps.length === 0) return { status: "nothing_to_undo" };
    const stayReasons = await this.#stayReasons(last, platform.runs.roomsOfUndo(earlier), signal);
    if ("status" in stayReasons) return stayReasons;
    return {
      last,
      rooms,
      all,
      preview: platform.runs.undo(earlier, rooms, { stayReasons: stayReasons.rooms, leavesAnyway: false }),
      undo: platform.runs.undo(earlier, rooms, { stayReasons: stayReasons.rooms, leavesAnyway }),
    };
  }

  /** The rooms that would miss the new account, as both servers see them now. */
  async #stayReasons(
    run: Run,
    rooms: RoomsOfUndo,
    signal?: AbortSignal,
  ): Promise<{ rooms: StayReasons } | CannotDecide> {
    const { accounts, platforms } = this.#options;
    if (rooms.left.length + rooms.declined.length === 0) return { rooms: new Map() };
    const found = await accounts.perhapsOfRun(run);
    const { source, target } = found;
    if (source === null || target === null) return { status: "not_signed_in", missing: missingSides(found) };
    try {
      return { rooms: await platforms[run.platform].pair({ source, target }, signal).stayReasons(rooms) };
    } catch (error) {
      if (error instanceof UnreadableAccountError)
        return { status: "not_read", account: error.account, refusal: error.refusal };
      throw error;
    }
  }
}
