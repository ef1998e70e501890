import { z } from "zod";
import type { RateLimits } from "../model/rate-limits.ts";
import type { LimitName } from "../model/step.ts";
import { LIMITS } from "../model/step.ts";
import { storedFormat } from "../model/stored.ts";
import type { LimiterRow, Limiters } from "../store/limiters.ts";
import type { ReportUnreadable } from "../store/stored-json.ts";
import type { LimitOwner } from "./limit-refusals.ts";
import { LimitRefusals } from "./limit-refusals.ts";
import type { LimiterState, Pace } from "./rate-limit.ts";
import {
  UNKNOWN_LIMITER,
  admission,
  isAhead,
  expectedMs,
  refund,
  paceOf,
  passed,
  consume,
  doubted,
  afterRetryAfter,
  afterUnexplained,
} from "./rate-limit.ts";

const stateSchema = z.object({
  defaultEmptyAt: z.number(),
  isContradicted: z.boolean(),
  observed: z
    .object({
      // Rows of earlier releases lack it.
      refusedAt: z.number().default(0),
      emptyAt: z.number(),
      periodMs: z.number(),
      windowStartedAt: z.number().nullable(),
      announced: z.object({ at: z.number(), sentSince: z.number() }).nullable(),
    })
    .nullable(),
  refusalsWithoutDelay: z.number(),
});

/** Version 1 has the same values under other names. */
const oldStateSchema = z.object({
  assumedEmptyAt: z.number(),
  isRefuted: z.boolean(),
  told: z
    .object({
      emptyAt: z.number(),
      periodMs: z.number(),
      edgeAt: z.number().nullable(),
      named: z.object({ at: z.number(), taken: z.number() }).nullable(),
    })
    .nullable(),
  unnamedRefusals: z.number(),
});

const stateFormat = storedFormat<LimiterState>({
  version: 2,
  schema: stateSchema,
  upgrades: {
    1: (old) => {
      const { data } = oldStateSchema.safeParse(old);
      return data === undefined ? {} : fromOldState(data);
    },
  },
});

function fromOldState({ told, ...old }: z.infer<typeof oldStateSchema>): Record<keyof LimiterState, unknown> {
  return {
    defaultEmptyAt: old.assumedEmptyAt,
    isContradicted: old.isRefuted,
    observed: told && {
      refusedAt: 0,
      emptyAt: told.emptyAt,
      periodMs: told.periodMs,
      windowStartedAt: told.edgeAt,
      announced: told.named && { at: told.named.at, sentSince: told.named.taken },
    },
    refusalsWithoutDelay: old.unnamedRefusals,
  };
}

/** A counted request. It is returned when the outcome is known. */
export interface Ticket {
  userId: string;
  name: LimitName;
  /** The known limits that would have held it back. */
  probed: readonly LimitName[];
  sentAt: number;
}

/** Whether a request may go now. `until`: when to ask again. */
export type Turn = { kind: "go"; ticket: Ticket } | { kind: "wait"; until: number };

/** The limiters of accounts. Every change produces rows that are stored with the step. */
export class Limits {
  readonly #stored: Pick<Limiters, "of" | "forget">;
  readonly #rateLimits: RateLimits;
  readonly #report: ReportUnreadable;
  readonly #states = new Map<string, Map<LimitName, LimiterState>>();
  readonly #probes = new Set<string>();
  readonly #refusals = new LimitRefusals();

  /**
   * @param rateLimits the platform's limits
   * @param report is called for each limiter that cannot be read; the limiter then counts as
   * unknown
   */
  constructor(stored: Pick<Limiters, "of" | "forget">, rateLimits: RateLimits, report: ReportUnreadable) {
    this.#stored = stored;
    this.#rateLimits = rateLimits;
    this.#report = report;
  }

  /** Must be called before anything else for an account. */
  async load(userId: string): Promise<void> {
    if (this.#states.has(userId)) return;
    const states = new Map<LimitName, LimiterState>();
    for (const row of await this.#stored.of(userId)) {
      const name = LIMITS.find((limit) => limit === row.name);
      const state = stateFormat.fromStored(row.state);
      if (name !== undefined && state !== null) states.set(name, state);
      else this.#report({ table: "limiter", key: `${row.name} ${userId}` });
    }
    this.#states.set(userId, states);
  }

  /** Forgets everything observed for an account, so that raised limits are found. */
  async forget(userId: string): Promise<void> {
    await this.#stored.forget(userId);
    this.#states.set(userId, new Map());
  }

  /** Marks the observed limits of an account as possibly changed. Later requests test them. */
  doubt(userId: string): void {
    for (const name of LIMITS) this.#set(userId, name, doubted(this.#state(userId, name)));
  }

  /** Counts a request if it may go now. */
  turn(userId: string, name: LimitName, now: number): Turn {
    const probed: LimitName[] = [];
    for (const limit of this.#rateLimits[name].chain) {
      const state = this.#stateAt(userId, limit, now);
      const answer = admission(this.#pace(limit), state, now);
      if (answer.kind === "wait") return answer;
      if (answer.kind === "go") continue;
      const isRisk = name === "invitations" && limit !== name && !this.#isPlenty(userId, name, limit);
      if (isRisk || this.#probes.has(probeKey(userId, name))) return { kind: "wait", until: answer.until };
      probed.push(limit);
    }
    for (const limit of this.#rateLimits[name].chain)
      this.#set(userId, limit, consume(this.#pace(limit), this.#state(userId, limit), now));
    if (probed.length > 0) this.#probes.add(probeKey(userId, name));
    return { kind: "go", ticket: { userId, name, probed, sentAt: now } };
  }

  /** When a request of a kind may go, without counting one. */
  nextAt(userId: string, name: LimitName, now: number): number {
    const times = this.#rateLimits[name].chain.map((limit) => {
      const state = this.#stateAt(userId, limit, now);
      const answer = admission(this.#pace(limit), state, now);
      return answer.kind === "wait" ? answer.until : now;
    });
    return Math.max(...times);
  }

  /** The request did not reach a limiter. */
  giveBack(ticket: Ticket): void {
    this.#endProbe(ticket);
    for (const limit of this.#rateLimits[ticket.name].chain)
      this.#set(ticket.userId, limit, refund(this.#pace(limit), this.#state(ticket.userId, limit)));
  }

  /** The request passed all its limiters, whatever the outcome. */
  passed(ticket: Ticket): void {
    this.#endProbe(ticket);
    const { userId, name, sentAt, probed } = ticket;
    this.#refusals.passed(probeKey(userId, name));
    for (const limit of this.#rateLimits[ticket.name].chain) {
      const wasProbe = probed.includes(limit);
      this.#set(userId, limit, passed(this.#pace(limit), this.#state(userId, limit), { sentAt, wasProbe }));
    }
  }

  /** Whose limit refused a step. @param step unique among all runs */
  ownerOfLimit({ userId, name }: Ticket, step: string, waitMs: number | null): LimitOwner {
    return this.#refusals.refused(probeKey(userId, name), step, waitMs);
  }

  /**
   * A limit refused a request that no limiter counts.
   * @param account whose requests may share the limit
   * @param step unique among all runs
   * @returns how long the step waits; `null` if it has waited long enough
   */
  refusedUncounted(account: string, step: string, waitMs: number): number | null {
    return this.#refusals.refusedUncounted(account, step, waitMs);
  }

  /** A request that no limiter counts was not limited. */
  passedUncounted(account: string, step: string): void {
    this.#refusals.passedUncounted(account, step);
  }

  /** A step is over. @param step as for `ownerOfLimit` */
  ended({ userId, name }: Ticket, step: string): void {
    this.#refusals.ended(probeKey(userId, name), step);
  }

  /**
   * The request was refused.
   * @param waitMs of `Retry-After`; `null` without one
   * @returns when the next one may go
   */
  refused(ticket: Ticket, waitMs: number | null, now: number): number {
    const { userId, name } = ticket;
    this.#endProbe(ticket);
    const chain = this.#rateLimits[name].chain;
    // The answer does not name the limit that refused, so the refusal counts for the request's own
    // limit. Its other limits are paced by their defaults until a request of their own is refused.
    // The limiters before its own have accepted the request, so they keep counting it. If there is
    // no `Retry-After`, another server refused, and all of these limiters have accepted it.
    const unasked = waitMs === null ? [] : chain.slice(chain.indexOf(name));
    for (const limit of unasked)
      this.#set(userId, limit, refund(this.#pace(limit), this.#state(userId, limit)));
    const state = this.#state(userId, name);
    this.#set(
      userId,
      name,
      waitMs === null
        ? afterUnexplained(this.#pace(name), state, now)
        : afterRetryAfter(this.#pace(name), state, now, waitMs, ticket.sentAt),
    );
    const next = admission(this.#pace(name), this.#state(userId, name), now);
    return next.kind === "wait" ? next.until : now;
  }

  /** How long these requests take from now on; kinds run in parallel. */
  expectedMs(userId: string, counts: ReadonlyMap<LimitName, number>, now: number): number {
    const totals = new Map<LimitName, number>();
    for (const [name, count] of counts)
      for (const limit of this.#rateLimits[name].chain) totals.set(limit, (totals.get(limit) ?? 0) + count);
    return Math.max(
      0,
      ...[...totals].map(([limit, count]) =>
        expectedMs(this.#pace(limit), this.#state(userId, limit), now, count),
      ),
    );
  }

  /** The state of the limiters of a kind, to be stored with the outcome of a step. */
  rows(userId: string, name: LimitName): LimiterRow[] {
    return this.#rateLimits[name].chain.map((limit) => ({
      userId,
      name: limit,
      state: stateFormat.toStored(this.#state(userId, limit)),
    }));
  }

  /**
   * Whether requests of a limit are plentiful, compared with another limit that counts them too. An
   * invitation that the limit on messages refuses has used up one of the scarce invitations. That
   * is accepted if the next invitation is possible sooner than the next message.
   */
  #isPlenty(userId: string, name: LimitName, other: LimitName): boolean {
    const { isContradicted, observed } = this.#state(userId, name);
    return isContradicted || (observed !== null && observed.periodMs < this.#pace(other).periodMs);
  }

  #pace(name: LimitName): Pace {
    return paceOf(this.#rateLimits[name]);
  }

  /** The state of a limit, without one that was stored while the clock was ahead. */
  #stateAt(userId: string, name: LimitName, now: number): LimiterState {
    const state = this.#state(userId, name);
    if (!isAhead(this.#pace(name), state, now)) return state;
    this.#set(userId, name, UNKNOWN_LIMITER);
    return UNKNOWN_LIMITER;
  }

  #state(userId: string, name: LimitName): LimiterState {
    return this.#states.get(userId)?.get(name) ?? UNKNOWN_LIMITER;
  }

  #set(userId: string, name: LimitName, state: LimiterState): void {
    const states = this.#states.get(userId) ?? new Map<LimitName, LimiterState>();
    this.#states.set(userId, states.set(name, state));
  }

  #endProbe({ userId, name, probed }: Ticket): void {
    if (probed.length > 0) this.#probes.delete(probeKey(userId, name));
  }
}

function probeKey(userId: string, name: LimitName): string {
  return `${name} ${userId}`;
}
