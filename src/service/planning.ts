import type { Logger } from "pino";
import { z } from "zod";
import type { Account, Side } from "../migration/account.ts";
import { sides } from "../migration/account.ts";
import type { TimeEstimate } from "../migration/time-estimate.ts";
import { estimateTime } from "../migration/time-estimate.ts";
import type { NotMoved } from "../platforms/matrix/not-moved.ts";
import { compareContents } from "../platforms/matrix/categories.ts";
import { serverNameOf } from "../platforms/matrix/identifiers.ts";
import { roomMapping } from "../platforms/matrix/room-mapping.ts";
import { decideRooms } from "../platforms/matrix/read-and-decide.ts";
import type { AccountReading } from "../platforms/matrix/reading/account-reading.ts";
import type { RoomFilters } from "../platforms/matrix/rooms/filters.ts";
import type { RoomPlan } from "../platforms/matrix/rooms/plan.ts";
import type { Report, ReportTexts } from "../platforms/matrix/rooms/report.ts";
import { report, reportSchema } from "../platforms/matrix/rooms/report.ts";
import { roomCategories } from "../platforms/matrix/rooms/room-categories.ts";
import { roomSpending } from "../platforms/matrix/rooms/spending.ts";
import type { Plans } from "../store/plans.ts";
import type { AccountAccess, AccountReaders, ReadProgress } from "./account-readers.ts";
import { UnreadableAccountError } from "./account-readers.ts";
import type { Refusal } from "./sign-in-results.ts";

const storedPlanSchema = z.object({
  report: reportSchema,
  /** Helpers beyond the ten of the report, by room; rooms without such are left out. */
  moreHelpers: z.record(z.string(), z.number()),
  /** Servers to join each room through. */
  via: z.record(z.string(), z.array(z.string())),
});

/** The last plan as it is kept. */
export interface StoredPlan {
  number: number;
  report: Report;
  moreHelpers: ReadonlyMap<string, number>;
  via: ReadonlyMap<string, readonly string[]>;
}

/** A plan just made, with what is shown once and not kept. */
export interface MadePlan extends StoredPlan {
  estimate: TimeEstimate;
  notMoved: readonly NotMoved[];
  unknownRooms: readonly string[];
  isInviteBlocked: boolean;
  bannedRooms: number;
  /** The report of the plan before, if it was for the same two accounts. */
  before: Report | null;
}

export type PlanResult =
  | { status: "planned"; plan: MadePlan }
  | { status: "not_signed_in"; missing: readonly Side[] }
  | { status: "not_read"; account: Account; refusal: Refusal };

export interface PlanRequest {
  owner: string;
  filters: RoomFilters;
  /** Rooms in which the person talks with the bot. */
  botRoomIds: readonly string[];
  onProgress: (progress: ReadProgress) => void;
}

export interface PlanningOptions {
  readers: AccountReaders;
  plans: Plans;
  botUserId: string;
  texts: ReportTexts;
  now: () => number;
  log: Logger;
}

/** Reads both accounts, decides for every room, and keeps what came of it. Nothing is written to either account. */
export class Planning {
  readonly #options: PlanningOptions;

  constructor(options: PlanningOptions) {
    this.#options = options;
  }

  async plan(request: PlanRequest): Promise<PlanResult> {
    const { readers } = this.#options;
    const [source, target] = await Promise.all([
      readers.access(request.owner, "source"),
      readers.access(request.owner, "target"),
    ]);
    if (source === null || target === null) {
      return { status: "not_signed_in", missing: sides.filter((side) => (side === "source" ? source : target) === null) };
    }
    try {
      return { status: "planned", plan: await this.#make(request, source, target) };
    } catch (error) {
      if (error instanceof UnreadableAccountError) return { status: "not_read", account: error.account, refusal: error.refusal };
      throw error;
    }
  }

  async #make(
    { owner, filters, botRoomIds, onProgress }: PlanRequest,
    source: AccountAccess,
    target: AccountAccess,
  ): Promise<MadePlan> {
    const { readers, plans, botUserId, now, log } = this.#options;
    // Side by side: they are two servers, or two accounts with limits of their own.
    const [sourceReading, targetReading] = await Promise.all([
      readers.read(source, target.account.userId, { onProgress, withLastActivity: filters.activeSince !== null }),
      readers.read(target, source.account.userId, { onProgress, withLastActivity: false }),
    ]);
    const decided = await readers.guard(source.account, async () => {
      const accounts = { source: await source.readable(), target: await target.readable() };
      return decideRooms(
        accounts,
        { source: sourceReading, target: targetReading },
        { filters, botUserIds: [botUserId], botRoomIds },
      );
    });
    const made = this.#assemble(source.account, target.account, { sourceReading, targetReading, decided });
    const before = await this.last(owner);
    const number = await plans.put(owner, payload(made), now());
    log.info({ number, rooms: made.report.rooms.length, how: [sourceReading.how, targetReading.how] }, "planned");
    const isSameMove = before?.report.source === source.account.userId && before.report.target === target.account.userId;
    return { ...made, number, before: isSameMove ? before.report : null };
  }

  /** The plan made last. */
  async last(owner: string): Promise<StoredPlan | null> {
    const row = await this.#options.plans.last(owner);
    if (!row) return null;
    const stored = storedPlanSchema.parse(row.payload);
    return {
      number: row.number,
      report: stored.report,
      moreHelpers: new Map(Object.entries(stored.moreHelpers)),
      via: new Map(Object.entries(stored.via)),
    };
  }

  #assemble(
    source: Account,
    target: Account,
    {
      sourceReading,
      targetReading,
      decided,
    }: { sourceReading: AccountReading; targetReading: AccountReading; decided: RoomPlan },
  ): Omit<MadePlan, "number" | "before"> {
    const { rooms, replacements, unknownRooms, isInviteBlocked, bannedRoomIds } = decided;
    const { categories, notMoved } = compareContents(sourceReading, targetReading, roomMapping(rooms));
    const isSameServer = serverNameOf(source.userId) === serverNameOf(target.userId);
    return {
      report: report({
        sourceUserId: source.userId,
        targetUserId: target.userId,
        generatedAt: new Date(this.#options.now()),
        rooms,
        categories: [...roomCategories(rooms), ...categories],
        texts: this.#options.texts,
      }),
      moreHelpers: new Map(rooms.filter((room) => room.moreHelpers > 0).map((room) => [room.roomId, room.moreHelpers])),
      via: new Map(rooms.map((room) => [room.roomId, room.via])),
      estimate: estimateTime(roomSpending([...rooms, ...replacements]), isSameServer),
      notMoved,
      unknownRooms,
      isInviteBlocked,
      bannedRooms: bannedRoomIds.length,
    };
  }
}

function payload({ report, moreHelpers, via }: Omit<MadePlan, "number" | "before">): z.input<typeof storedPlanSchema> {
  return {
    report,
    moreHelpers: Object.fromEntries(moreHelpers),
    via: Object.fromEntries([...via].map(([roomId, servers]) => [roomId, [...servers]])),
  };
}
