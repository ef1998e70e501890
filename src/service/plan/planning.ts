import type { Logger } from "pino";
import type { Account, Side } from "../../model/account.ts";
import { sides } from "../../model/account.ts";
import type { CategoryName } from "../../model/categories.ts";
import { category } from "../../model/categories.ts";
import type { TimeEstimate } from "../../model/time-estimate.ts";
import { estimateTime } from "../../platforms/matrix/planning/time-estimate.ts";
import { compareContents } from "../../platforms/matrix/categories/registry.ts";
import { serverNameOf } from "../../platforms/matrix/ids/identifiers.ts";
import type { NotMoved } from "../../model/not-moved.ts";
import type { RemainingWork } from "../../model/remaining-work.ts";
import { remainingWork } from "../../platforms/matrix/remaining-work.ts";
import { decideRooms } from "../../platforms/matrix/decide-rooms.ts";
import type { AccountReading } from "../../platforms/matrix/reading/account-reading.ts";
import { roomMapping } from "../../platforms/matrix/planning/room-mapping.ts";
import { UnansweredAliasError, roomsOfAliases } from "../../platforms/matrix/reading/aliases.ts";
import type { PlanFilters } from "../../model/filters.ts";
import { withRoomIds, wordsIn } from "../../model/filters.ts";
import type { RoomPlan } from "../../platforms/matrix/planning/plan-rooms.ts";
import type { Report } from "../../model/report.ts";
import { report } from "../../platforms/matrix/report/report.ts";
import { roomCategories } from "../../platforms/matrix/planning/room-categories.ts";
import { roomRequestCounts } from "../../platforms/matrix/planning/request-counts.ts";
import type { OutboxItems } from "../../store/outbox-items.ts";
import type { Plans } from "../../store/plans.ts";
import type { AccountAccess, AccountReaders, ReadProgress } from "../accounts/readers.ts";
import { UnreadableAccountError } from "../accounts/readers.ts";
import { chatsWithBot } from "./bot-chats.ts";
import type { PlanRequestData } from "./request.ts";
import { planRequestSchema } from "./request.ts";
import type { StoredPlan } from "./stored-plan.ts";
import { readPlan, storedPlan } from "./stored-plan.ts";
import type { RoomRefusals } from "./room-refusals.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";

/** A plan just made, with what is shown once and not kept. */
export interface ShownPlan extends Omit<StoredPlan, "request"> {
  work: RemainingWork;
  estimate: TimeEstimate;
  notMoved: readonly NotMoved[];
  unknownRooms: readonly string[];
  isInviteBlocked: boolean;
  bannedRooms: number;
  /** The report of the plan before, if it was for the same two accounts. */
  before: Report | null;
}

/** Both accounts as they are now, and what is decided about them. */
export interface Decision {
  source: AccountAccess;
  target: AccountAccess;
  readings: { source: AccountReading; target: AccountReading };
  decided: RoomPlan;
  /** The source's rooms by aliases that were typed. */
  aliases: ReadonlyMap<string, string>;
  /** What is kept of the request, to decide so again. */
  request: PlanRequestData;
  /** Everything about the plan but its number. */
  made: Omit<ShownPlan, "number" | "before">;
}

export type CannotDecide =
  | { status: "not_signed_in"; missing: readonly Side[] }
  | { status: "not_read"; account: Account; refusal: AccountRefusal };

/** Where an alias leads could not be found out just now. */
export interface UnansweredAlias {
  status: "unanswered_alias";
  alias: string;
}

export type PlanResult = { status: "planned"; plan: ShownPlan } | CannotDecide | UnansweredAlias;

export interface PlanRequest {
  owner: string;
  filters: PlanFilters;
  /** Rooms named besides: room IDs and aliases. */
  rooms?: readonly string[];
  /** Rooms in which the person talks with the bot. */
  botRoomIds: readonly string[];
  onProgress: (progress: ReadProgress) => void;
  /** Ends the reading. */
  signal?: AbortSignal;
}

export interface PlanningOptions {
  readers: AccountReaders;
  plans: Plans;
  outbox: Pick<OutboxItems, "roomsOf">;
  roomRefusals: RoomRefusals;
  botUserId: string;
  now: () => number;
  log: Logger;
}

/**
 * Reads both accounts, decides for every room, and keeps what came of it. Nothing is written to
 * either account.
 */
export class Planning {
  readonly #options: PlanningOptions;

  constructor(options: PlanningOptions) {
    this.#options = options;
  }

  async plan(request: PlanRequest): Promise<PlanResult> {
    const { plans, now, log } = this.#options;
    const decision = await this.decideAsTyped(request);
    if ("status" in decision) return decision;
    const { made, readings } = decision;
    const before = await this.last(request.owner);
    const number = await plans.put(request.owner, storedPlan(made, decision.request), now());
    log.info(
      { number, rooms: made.report.rooms.length, methods: [readings.source.method, readings.target.method] },
      "planned",
    );
    const isSameMove =
      before?.report.source === made.report.source && before.report.target === made.report.target;
    return { status: "planned", plan: { ...made, number, before: isSameMove ? before.report : null } };
  }

  /** Reads and decides for what a person has just typed, and keeps nothing. */
  async decideAsTyped(request: PlanRequest): Promise<Decision | CannotDecide | UnansweredAlias> {
    const words = [...wordsIn(request.filters), ...(request.rooms ?? [])];
    try {
      return await this.#decide(request, { runId: null, words });
    } catch (error) {
      if (error instanceof UnansweredAliasError) return { status: "unanswered_alias", alias: error.alias };
      throw error;
    }
  }

  /**
   * Reads and decides for what was asked before, and keeps nothing. No alias is looked up: a word
   * that no longer leads where it led would let rooms in or out of which nobody was told.
   * @param runId the run that it is for, which has gone some ways in vain
   */
  decide(request: Omit<PlanRequest, "rooms">, runId: number | null = null): Promise<Decision | CannotDecide> {
    return this.#decide(request, { runId, words: [] });
  }

  async #decide(
    request: Omit<PlanRequest, "rooms">,
    { runId, words }: { runId: number | null; words: readonly string[] },
  ): Promise<Decision | CannotDecide> {
    const { readers, outbox, roomRefusals, botUserId } = this.#options;
    const [source, target] = await Promise.all([
      readers.access(request.owner, "source", request.signal),
      readers.access(request.owner, "target", request.signal),
    ]);
    if (source === null || target === null) {
      return {
        status: "not_signed_in",
        missing: sides.filter((side) => (side === "source" ? source : target) === null),
      };
    }
    const { filters, botRoomIds, onProgress } = request;
    try {
      // Side by side: they are two servers, or two accounts with limits of their own.
      const [sourceReading, targetReading] = await Promise.all([
        readers.read(source, target.account.userId, {
          onProgress,
          withLastActivity: filters.activeSince !== null,
        }),
        readers.read(target, source.account.userId, { onProgress, withLastActivity: false }),
      ]);
      const readings = { source: sourceReading, target: targetReading };
      const parties = { source: source.account.userId, target: target.account.userId };
      const spokenIn = await outbox.roomsOf([request.owner, parties.source, parties.target]);
      const refusals = await roomRefusals.between(request.owner, parties, runId);
      const { aliases, chosen, decided } = await readers.guard(source.account, async () => {
        const accounts = { source: await source.readable(), target: await target.readable() };
        const aliases = await roomsOfAliases(accounts.source.reader, words, sourceReading.snapshot.rooms);
        const chosen = withRoomIds(filters, aliases);
        const chats = await chatsWithBot(accounts.source.reader, readings, { spokenIn, botUserId });
        const options = {
          filters: chosen,
          botUserIds: [botUserId],
          botRoomIds: [...botRoomIds, ...chats],
          refusals,
        };
        return { aliases, chosen, decided: await decideRooms(accounts, readings, options) };
      });
      const asked = requestData({ filters: chosen, botRoomIds });
      return {
        source,
        target,
        readings,
        decided,
        aliases,
        request: asked,
        made: this.#assemble(readings, decided, filters),
      };
    } catch (error) {
      if (error instanceof UnreadableAccountError)
        return { status: "not_read", account: error.account, refusal: error.refusal };
      throw error;
    }
  }

  /** The plan made last. */
  async last(owner: string): Promise<StoredPlan | null> {
    const { plans, log } = this.#options;
    const row = await plans.last(owner);
    if (!row) return null;
    const plan = readPlan(row);
    if (plan === null) log.warn({ number: row.number }, "the last plan cannot be read, so there is none");
    return plan;
  }

  /** Puts what is known now in place of a plan, if that is still the last one. */
  async update(
    owner: string,
    { number, request }: Pick<StoredPlan, "number" | "request">,
    made: Pick<ShownPlan, "report" | "moreHelpers" | "via">,
  ): Promise<void> {
    await this.#options.plans.update(owner, number, storedPlan(made, request));
  }

  #assemble(readings: Decision["readings"], decided: RoomPlan, filters: PlanFilters): Decision["made"] {
    const { rooms, replacements, unknownRooms, isInviteBlocked, bannedRoomIds } = decided;
    const { categories, notMoved } = compareContents(readings.source, readings.target, roomMapping(rooms));
    const [sourceUserId, targetUserId] = [readings.source.snapshot.userId, readings.target.snapshot.userId];
    const isSameServer = serverNameOf(sourceUserId) === serverNameOf(targetUserId);
    const isChosen = (name: CategoryName): boolean => filters.categories?.includes(name) ?? true;
    return {
      report: report({
        sourceUserId,
        targetUserId,
        generatedAt: new Date(this.#options.now()),
        rooms,
        categories: [...roomCategories(rooms), ...categories].map((entry) =>
          isChosen(entry.name) ? entry : category(entry.name, 0, []),
        ),
      }),
      moreHelpers: new Map(
        rooms.filter((room) => room.moreHelpers > 0).map((room) => [room.roomId, room.moreHelpers]),
      ),
      via: new Map(rooms.map((room) => [room.roomId, room.via])),
      work: remainingWork(decided, readings, categories, isChosen),
      estimate: estimateTime(roomRequestCounts([...rooms, ...replacements]), isSameServer),
      notMoved,
      unknownRooms,
      isInviteBlocked,
      bannedRooms: bannedRoomIds.length,
    };
  }
}

function requestData({ filters, botRoomIds }: Pick<PlanRequest, "filters" | "botRoomIds">): PlanRequestData {
  return planRequestSchema.parse({ filters, botRoomIds });
}
