import type { Logger } from "pino";
import type { Account, MovedAccounts, OldAccount } from "../../model/account.ts";
import { isFromFile, knownSince } from "../../model/account.ts";
import { withAsked } from "../../model/asked.ts";
import { RENAME_STEP_KINDS } from "../../model/contact.ts";
import type { PlanFilters } from "../../model/filters.ts";
import { wordsIn } from "../../model/filters.ts";
import type { UnusableKeys } from "../../model/key-backup.ts";
import type { PlatformName } from "../../model/platform-name.ts";
import type { Report } from "../../model/report.ts";
import type { Decision, KnownRooms, PlanFacts } from "../../platforms/planning.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { ReadProgress } from "../../platforms/reading.ts";
import { UnansweredAliasError, UnreadableAccountError } from "../../platforms/reading.ts";
import type { Contacts } from "../../store/contacts.ts";
import type { KeyCopies } from "../../store/key-copies.ts";
import type { OutboxItems } from "../../store/outbox-items.ts";
import type { Plans } from "../../store/plans.ts";
import type { Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import { missingSides } from "../accounts/peoples-accounts.ts";
import type { Readings } from "./readings.ts";
import { JoinedWork } from "./readings.ts";
import { withKeysOf } from "./report-with-keys.ts";
import type { PlanRequestData } from "./request.ts";
import { planRequestSchema } from "./request.ts";
import type { CannotDecide, OldServerAnswers, PlanResult, UnansweredAlias } from "./results.ts";
import type { RoomHistories } from "./room-histories.ts";
import type { StoredPlan } from "./stored-plan.ts";
import { readPlan, storedPlan } from "./stored-plan.ts";

/** The decision about a person's two accounts. */
export interface DecidedMove {
  platform: PlatformName;
  source: OldAccount;
  target: Account;
  decision: Decision;
  /** The stored part of the request, with which the decision can be repeated. */
  request: PlanRequestData;
}

export interface PlanRequest {
  owner: string;
  filters: PlanFilters;
  /** Further named rooms: room IDs and aliases. */
  rooms?: readonly string[];
  /** As in `DecisionRequest`. */
  isWithoutKeys?: boolean;
  /** As in `DecisionRequest`. */
  looksAnew?: boolean;
  /** Rooms in which the person talks with the bot. */
  botRoomIds: readonly string[];
  onProgress: (progress: ReadProgress) => void;
  /** Aborts the reading. */
  signal?: AbortSignal;
}

export interface PlanningOptions {
  accounts: Pick<PeoplesAccounts, "of" | "imported" | "otherFiles" | "filesInstead">;
  platform: Pick<Platform, "name" | "pair" | "runs" | "files" | "serverName">;
  plans: Plans;
  outbox: Pick<OutboxItems, "roomsOf">;
  histories: Pick<RoomHistories, "between">;
  steps: Pick<Steps, "ofKinds">;
  readings: Readings;
  keyCopies: Pick<KeyCopies, "copied" | "unusable">;
  contacts: Pick<Contacts, "asked" | "chats">;
  /** Called with chats that the bot opened and their partners have declined or left. */
  chatsLeft: (owner: string, source: string, roomIds: readonly string[]) => Promise<void>;
  botUserId: string;
  now: () => number;
  log: Logger;
}

/**
 * Filters by activity count from the time of the request, which differs between requests. Within
 * this time they count as equal.
 */
const SAME_TIME_MS = 3_600_000;

/**
 * Reads both accounts, decides about every room, and stores the plan. Nothing is written to either
 * account.
 */
export class Planning {
  readonly #options: PlanningOptions;
  readonly #plans = new JoinedWork<PlanResult>();
  readonly #decisions = new JoinedWork<DecidedMove | CannotDecide>();

  constructor(options: PlanningOptions) {
    this.#options = options;
  }

  /** The same request joins a plan that is being made. */
  async plan(request: PlanRequest): Promise<PlanResult> {
    const key = await this.#keyOf(request, request.rooms ?? []);
    return this.#plans.run(key, request.onProgress, (onProgress) => this.#plan({ ...request, onProgress }));
  }

  async #plan(request: PlanRequest): Promise<PlanResult> {
    const { plans, now, log } = this.#options;
    const move = await this.decideAsTyped({ ...request, looksAnew: true });
    if ("status" in move) return move;
    const { source, target } = move;
    const { plan, methods } = move.decision;
    const { report } = plan;
    const before = await this.last(request.owner);
    const stored = { payload: storedPlan(plan, move.request), accounts: [source, target] };
    const number = await plans.put(request.owner, stored, now());
    // The person has signed out or in meanwhile.
    if (number === null) return this.#plan(request);
    log.info({ number, rooms: report.rooms.length, methods }, "planned");
    const isSameMove = before?.report.source === report.source && before.report.target === report.target;
    const shown = { ...plan, report: await this.withAsked(request.owner, report) };
    const other = await this.#options.accounts.otherFiles(request.owner, source);
    const made = { ...shown, ...other, number, before: isSameMove ? before.report : null };
    return { status: "planned", plan: made };
  }

  /** A report as it is shown: with those who were asked about its rooms. */
  async withAsked(owner: string, report: Report): Promise<Report> {
    return withAsked(report, await this.#options.contacts.asked({ owner, source: report.source }));
  }

  /**
   * Reads both accounts and decides about a request that a person has just typed. Stores nothing.
   */
  async decideAsTyped(
    request: PlanRequest,
  ): Promise<DecidedMove | CannotDecide | UnansweredAlias | OldServerAnswers> {
    const refused = await this.oldServerAnswers(request.owner, request.signal);
    if (refused !== null) return refused;
    const words = [...wordsIn(request.filters), ...(request.rooms ?? [])];
    try {
      return await this.#decide(request, { runId: null, words });
    } catch (error) {
      if (error instanceof UnansweredAliasError) return { status: "unanswered_alias", alias: error.alias };
      throw error;
    }
  }

  /**
   * Asks the old server whether it answers, if files stand in for the old account. Then the person
   * must sign it in: more can be moved, and nobody can move by the files of somebody else.
   */
  async oldServerAnswers(owner: string, signal?: AbortSignal): Promise<OldServerAnswers | null> {
    const { accounts, platform, log } = this.#options;
    const { source, target } = await accounts.of(owner);
    if (source === null || !isFromFile(source) || target === null) return null;
    const { userId } = source;
    const isAnswering = await platform.files.isAnswering(userId, signal ?? new AbortController().signal);
    log.info(
      { owner, server: platform.serverName(userId), isAnswering },
      "a move goes by files, so the old server is asked",
    );
    return isAnswering ? { status: "old_server_answers", userId } : null;
  }

  /**
   * Reads both accounts and decides about an earlier request. Stores nothing. Aliases are not
   * resolved again: a word that now names another room would add or remove rooms, and nobody would
   * be informed. The same request of a person joins one that is under way.
   * @param runId the run that continues; its temporary refusals count as well
   */
  async decide(
    request: Omit<PlanRequest, "rooms">,
    runId: number | null = null,
  ): Promise<DecidedMove | CannotDecide> {
    // A reading that one caller can abort is not shared with another.
    if (request.signal !== undefined) return this.#decide(request, { runId, words: [] });
    return this.#decisions.run(await this.#keyOf(request, [runId]), request.onProgress, (onProgress) =>
      this.#decide({ ...request, onProgress }, { runId, words: [] }),
    );
  }

  /** A key that is equal for requests with the same answer while neither account changes. */
  async #keyOf(
    { owner, filters, botRoomIds }: Omit<PlanRequest, "rooms">,
    more: readonly (string | number | null)[],
  ): Promise<string> {
    const { source, target } = await this.#options.accounts.of(owner);
    const { activeSince } = filters;
    const since = activeSince === null ? null : Math.floor(activeSince / SAME_TIME_MS);
    const known = [source, target].map((account) => account && [account.userId, knownSince(account)]);
    return JSON.stringify([owner, known, { ...filters, activeSince: since }, botRoomIds, more]);
  }

  async #decide(
    request: Omit<PlanRequest, "rooms">,
    { runId, words }: { runId: number | null; words: readonly string[] },
  ): Promise<DecidedMove | CannotDecide> {
    const { accounts, platform, outbox, histories, readings, chatsLeft, botUserId } = this.#options;
    const {
      owner,
      filters,
      isWithoutKeys = false,
      looksAnew = false,
      botRoomIds,
      onProgress,
      signal,
    } = request;
    const found = await accounts.of(owner);
    const { source, target } = found;
    if (source === null || target === null)
      return {
        status: "not_signed_in",
        missing: missingSides(found),
        ...(source === null && (await accounts.filesInstead(owner))),
      };
    const parties = { source: source.userId, target: target.userId };
    const imported = await accounts.imported(owner, source);
    try {
      const read = (): Promise<Decision> =>
        platform.pair({ source, target }, signal).decide({
          ...{ filters, words, imported, isWithoutKeys, looksAnew, botUserId, botRoomIds, onProgress },
          knownRooms: async () => ({
            spokenIn: await outbox.roomsOf([owner, parties.source, parties.target]),
            histories: await histories.between(owner, { source, target }, runId),
            unusableKeys: await this.#unusableKeys(owner),
            ...(await this.#earlierContact(owner, source.userId)),
          }),
        });
      const decision = await readings.run(owner, serversOf({ source, target }), read, signal);
      if (decision.leftChats.length > 0) await chatsLeft(owner, source.userId, decision.leftChats);
      const asked = planRequestSchema.parse({ filters: decision.filters, botRoomIds });
      return { platform: platform.name, source, target, decision, request: asked };
    } catch (error) {
      if (error instanceof UnreadableAccountError)
        return {
          status: "not_read",
          account: error.account,
          refusal: error.refusal,
          ...(error.account.side === "source" && (await accounts.filesInstead(owner))),
        };
      throw error;
    }
  }

  async #earlierContact(
    owner: string,
    source: string,
  ): Promise<Pick<KnownRooms, "openedChats" | "givenNames">> {
    const { contacts, steps, platform } = this.#options;
    const renames = await steps.ofKinds({ owner, source, kinds: RENAME_STEP_KINDS });
    return {
      openedChats: await contacts.chats({ source }),
      givenNames: platform.runs.givenNames(renames),
    };
  }

  async #unusableKeys(owner: string): Promise<UnusableKeys | null> {
    const { keyCopies } = this.#options;
    const copied = await keyCopies.copied(owner);
    return copied && { from: copied.from, rooms: await keyCopies.unusable(owner) };
  }

  /** The last plan. */
  async last(owner: string): Promise<StoredPlan | null> {
    const { plans, log } = this.#options;
    const row = await plans.last(owner);
    if (!row) return null;
    const plan = readPlan(row);
    if (plan === null) log.warn({ number: row.number }, "the last plan cannot be read, so there is none");
    return plan;
  }

  /**
   * Reads again what the report of the last plan says about keys. The rest of it stays as a run has
   * left it. If an account cannot be read now, nothing changes.
   */
  async renewKeys(owner: string, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const plan = await this.last(owner);
    if (plan === null) return;
    const move = await this.decide({ owner, ...plan.request, onProgress: () => undefined, signal });
    if ("status" in move) {
      log.warn({ status: move.status }, "the last plan does not show the copied keys yet");
      return;
    }
    const { report: fresh } = move.decision.plan;
    const last = await this.last(owner);
    const isSame = last?.report.source === fresh.source && last.report.target === fresh.target;
    if (isSame && last.number === plan.number)
      await this.update(owner, last, { ...last, report: withKeysOf(last.report, fresh) });
  }

  /** Replaces the content of a plan with current facts, if it is still the last one. */
  async update(
    owner: string,
    { number, request }: Pick<StoredPlan, "number" | "request">,
    facts: Pick<PlanFacts, "report" | "moreHelpers" | "via">,
  ): Promise<void> {
    await this.#options.plans.update(owner, number, storedPlan(facts, request));
  }
}

/** The addresses of the servers that a reading asks. */
function serversOf({ source, target }: MovedAccounts): string[] {
  return isFromFile(source) ? [target.baseUrl] : [source.baseUrl, target.baseUrl];
}
