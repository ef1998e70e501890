import { z } from "zod";
import type { RateLimits } from "../model/rate-limits.ts";
import type { LimitName } from "../model/step.ts";
import { LIMITS } from "../model/step.ts";
import type { LimiterRow, Limiters } from "../store/limiters.ts";
import type { LimiterState, Pace } from "./rate-limit.ts";
import {
  UNKNOWN_LIMITER,
  admission,
  assumedAt,
  expectedMs,
  givenBack,
  paceOf,
  passed,
  taken,
  told,
  toldNothing,
} from "./rate-limit.ts";

const stateSchema = z.object({
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

/** Counted for a request that is sent; handed back with its outcome. */
export interface Ticket {
  userId: string;
  name: LimitName;
  /** Limits whose default would have held it back: whether they do is found out by it. */
  probed: readonly LimitName[];
  sentAt: number;
}

export type Turn = { kind: "go"; ticket: Ticket } | { kind: "wait"; until: number };

/**
 * The limiters of accounts: what the store knows of them, kept in step with it by the rows that
 * every change gives.
 */
export class Limits {
  readonly #stored: Pick<Limiters, "of" | "forget">;
  readonly #rateLimits: RateLimits;
  readonly #states = new Map<string, Map<LimitName, LimiterState>>();
  readonly #probes = new Set<string>();

  /** @param rateLimits the platform's limits */
  constructor(stored: Pick<Limiters, "of" | "forget">, rateLimits: RateLimits) {
    this.#stored = stored;
    this.#rateLimits = rateLimits;
  }

  /** To be called before anything else is asked of an account. */
  async load(userId: string): Promise<void> {
    if (this.#states.has(userId)) return;
    const states = new Map<LimitName, LimiterState>();
    for (const row of await this.#stored.of(userId)) {
      const name = LIMITS.find((limit) => limit === row.name);
      const state = stateSchema.safeParse(row.state);
      if (name !== undefined && state.success) states.set(name, state.data);
    }
    this.#states.set(userId, states);
  }

  /** Everything learnt of an account is forgotten, so that raised limits are found out. */
  async forget(userId: string): Promise<void> {
    await this.#stored.forget(userId);
    this.#states.set(userId, new Map());
  }

  /** Whether a request may go now; then it is counted. */
  turn(userId: string, name: LimitName, now: number): Turn {
    const probed: LimitName[] = [];
    for (const limit of this.#rateLimits[name].chain) {
      const state = this.#state(userId, limit);
      const answer = admission(this.#pace(limit), state, now);
      if (answer.kind === "wait") return answer;
      if (answer.kind === "go") continue;
      const isRisk = name === "invitations" && limit !== name && !this.#isPlenty(userId, name, limit);
      if (isRisk || this.#probes.has(probeKey(userId, name)))
        return { kind: "wait", until: assumedAt(this.#pace(limit), state) };
      probed.push(limit);
    }
    for (const limit of this.#rateLimits[name].chain)
      this.#set(userId, limit, taken(this.#pace(limit), this.#state(userId, limit), now));
    if (probed.length > 0) this.#probes.add(probeKey(userId, name));
    return { kind: "go", ticket: { userId, name, probed, sentAt: now } };
  }

  /** When a request of a kind may go, without counting one. */
  nextAt(userId: string, name: LimitName, now: number): number {
    const times = this.#rateLimits[name].chain.map((limit) => {
      const state = this.#state(userId, limit);
      const answer = admission(this.#pace(limit), state, now);
      return answer.kind === "wait" ? answer.until : now;
    });
    return Math.max(...times);
  }

  /** Nothing came of it, or it got nowhere near a limiter. */
  giveBack(ticket: Ticket): void {
    this.#endProbe(ticket);
    for (const limit of this.#rateLimits[ticket.name].chain)
      this.#set(ticket.userId, limit, givenBack(this.#pace(limit), this.#state(ticket.userId, limit)));
  }

  /** It got through all its limiters, whatever became of it then. */
  passed(ticket: Ticket): void {
    this.#endProbe(ticket);
    const { userId, sentAt, probed } = ticket;
    for (const limit of this.#rateLimits[ticket.name].chain) {
      const wasProbe = probed.includes(limit);
      this.#set(userId, limit, passed(this.#pace(limit), this.#state(userId, limit), { sentAt, wasProbe }));
    }
  }

  /**
   * It was refused.
   * @param waitMs as the server said; `null` where it did not.
   * @returns when the next one may go
   */
  refused(ticket: Ticket, waitMs: number | null, now: number): number {
    const { userId, name } = ticket;
    this.#endProbe(ticket);
    const chain = this.#rateLimits[name].chain;
    // A refusal counts for the limit that the request is named for, because the answer names none.
    // The others are paced by their defaults until they refuse themselves.
    // Limiters asked before its own have let it through, and keep what they took; all have where
    // another server refused, which gives no time.
    const unasked = waitMs === null ? [] : chain.slice(chain.indexOf(name));
    for (const limit of unasked)
      this.#set(userId, limit, givenBack(this.#pace(limit), this.#state(userId, limit)));
    const state = this.#state(userId, name);
    this.#set(
      userId,
      name,
      waitMs === null
        ? toldNothing(this.#pace(name), state, now)
        : told(this.#pace(name), state, now, waitMs, ticket.sentAt),
    );
    const next = admission(this.#pace(name), this.#state(userId, name), now);
    return next.kind === "wait" ? next.until : now;
  }

  /** How long so many requests of each kind will take from now on, side by side. */
  expectedMs(userId: string, counts: ReadonlyMap<LimitName, number>, now: number): number {
    const taken = new Map<LimitName, number>();
    for (const [name, count] of counts)
      for (const limit of this.#rateLimits[name].chain) taken.set(limit, (taken.get(limit) ?? 0) + count);
    return Math.max(
      0,
      ...[...taken].map(([limit, count]) =>
        expectedMs(this.#pace(limit), this.#state(userId, limit), now, count),
      ),
    );
  }

  /** What a refusal or a success has taught, to be stored with the outcome of its step. */
  rows(userId: string, name: LimitName): LimiterRow[] {
    return this.#rateLimits[name].chain.map((limit) => ({
      userId,
      name: limit,
      state: this.#state(userId, limit),
    }));
  }

  /**
   * Refused for its other limit, an invitation would burn one of the scarce ones; that may be where
   * a new one comes sooner than the other limit's turn.
   */
  #isPlenty(userId: string, name: LimitName, other: LimitName): boolean {
    const { isRefuted, told } = this.#state(userId, name);
    return isRefuted || (told !== null && told.periodMs < this.#pace(other).periodMs);
  }

  #pace(name: LimitName): Pace {
    return paceOf(this.#rateLimits[name]);
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
