import type { LimitName } from "../../../src/model/step.ts";

/**
 * One of Synapse's limiters: `burst` requests at once, then one in each period. `null`: switched
 * off.
 */
export type BucketSetting = { periodMs: number; burst: number } | null;

export interface PairSettings {
  /** `rc_invites.per_user` on the old server, for the invited account. */
  invitations: BucketSetting;
  /** The same on the new server. It also counts every invitation over federation. */
  federatedInvitations: BucketSetting;
  /** `rc_message` of the old account on the old server. */
  sourceMessages: BucketSetting;
  targetMessages: BucketSetting;
  joins: BucketSetting;
  remoteJoins: BucketSetting;
  roomCreation: BucketSetting;
}

/** Synapse's defaults (platforms/matrix/README.md, "Rate limits"). */
export const DEFAULTS: PairSettings = {
  invitations: { periodMs: 1_000 / 0.003, burst: 5 },
  federatedInvitations: { periodMs: 1_000 / 0.003, burst: 5 },
  sourceMessages: { periodMs: 5_000, burst: 10 },
  targetMessages: { periodMs: 5_000, burst: 10 },
  joins: { periodMs: 10_000, burst: 10 },
  remoteJoins: { periodMs: 100_000, burst: 10 },
  roomCreation: { periodMs: 62_500, burst: 10 },
};

export const UNLIMITED: PairSettings = {
  invitations: null,
  federatedInvitations: null,
  sourceMessages: null,
  targetMessages: null,
  joins: null,
  remoteJoins: null,
  roomCreation: null,
};

export function scaled(settings: PairSettings, factor: number): PairSettings {
  const entries = Object.entries(settings).map(([name, setting]: [string, BucketSetting]) => [
    name,
    setting && { ...setting, periodMs: setting.periodMs * factor },
  ]);
  return Object.fromEntries(entries) as PairSettings;
}

/**
 * `limited`: 429 with a time. `unnamed`: 502 without a time, caused by the other server's limit.
 */
export type BucketAnswer = { kind: "ok" } | { kind: "limited"; waitMs: number } | { kind: "unnamed" };

/**
 * Synapse's `RatelimitSetting` and `Ratelimiter` (api/ratelimiting.py). The count drains by one in
 * each period. A request that does not fit is refused and not counted.
 */
class Bucket {
  readonly #setting: BucketSetting;
  #count = 0;
  #at = 0;

  constructor(setting: BucketSetting) {
    this.#setting = setting;
  }

  /** @returns the wait. 0 if the request was counted */
  take(now: number): number {
    if (this.#setting === null) return 0;
    const { periodMs, burst } = this.#setting;
    this.#count = Math.max(0, this.#count - (now - this.#at) / periodMs);
    this.#at = now;
    if (this.#count > burst - 1 + 1e-9) return Math.max(1, Math.ceil((this.#count - (burst - 1)) * periodMs));
    this.#count += 1;
    return 0;
  }
}

/**
 * The limiters that a move meets on two Synapse servers, in Synapse's order. Each keeps its count
 * if a later one refuses (platforms/matrix/README.md, "Rate limits").
 */
export class LeakyBuckets {
  #buckets: Record<keyof PairSettings, Bucket>;
  /** Refused requests of each kind. */
  readonly refused: Record<LimitName, number> = {
    invitations: 0,
    messages: 0,
    joins: 0,
    remote_joins: 0,
    room_creation: 0,
  };
  /** Counted invitations whose requests the limit on messages then refused. */
  burntInvitations = 0;

  constructor(settings: PairSettings) {
    this.#buckets = bucketsOf(settings);
  }

  /**
   * An administrator changes the configuration and restarts the server. That empties its buckets.
   */
  change(settings: PairSettings): void {
    this.#buckets = bucketsOf(settings);
  }

  request(name: LimitName, isSource: boolean, now: number): BucketAnswer {
    const answer = this.#ask(name, isSource, now);
    if (answer.kind !== "ok") this.refused[name] += 1;
    return answer;
  }

  #ask(name: LimitName, isSource: boolean, now: number): BucketAnswer {
    const own = (waitMs: number): BucketAnswer | null => (waitMs > 0 ? { kind: "limited", waitMs } : null);
    const buckets = this.#buckets;
    const messages = isSource ? buckets.sourceMessages : buckets.targetMessages;
    switch (name) {
      case "messages":
        return own(messages.take(now)) ?? { kind: "ok" };
      case "joins":
        return own(buckets.joins.take(now)) ?? own(messages.take(now)) ?? { kind: "ok" };
      case "remote_joins":
        return own(buckets.joins.take(now)) ?? own(buckets.remoteJoins.take(now)) ?? { kind: "ok" };
      case "room_creation":
        return own(buckets.roomCreation.take(now)) ?? own(messages.take(now)) ?? { kind: "ok" };
      case "invitations": {
        const refusal = own(buckets.invitations.take(now));
        if (refusal !== null) return refusal;
        const refusedAsMessage = own(messages.take(now));
        if (refusedAsMessage !== null) this.burntInvitations += 1;
        if (refusedAsMessage !== null) return refusedAsMessage;
        return buckets.federatedInvitations.take(now) > 0 ? { kind: "unnamed" } : { kind: "ok" };
      }
    }
  }
}

function bucketsOf(settings: PairSettings): Record<keyof PairSettings, Bucket> {
  const entries = Object.entries(settings).map(([name, setting]: [string, BucketSetting]) => [
    name,
    new Bucket(setting),
  ]);
  return Object.fromEntries(entries) as Record<keyof PairSettings, Bucket>;
}

/** The requests of a move, by kind. */
export interface Load {
  invitations: number;
  /** Power levels written by the old account. */
  powerLevels: number;
  joins: number;
  remoteJoins: number;
}

/**
 * The least time that the limits allow: the longest of all queues, if each request counts what it
 * must.
 */
export function leastMs(load: Load, settings: PairSettings): number {
  const spent: Record<keyof PairSettings, number> = {
    invitations: load.invitations,
    federatedInvitations: load.invitations,
    sourceMessages: load.invitations + load.powerLevels,
    targetMessages: load.joins,
    joins: load.joins + load.remoteJoins,
    remoteJoins: load.remoteJoins,
    roomCreation: 0,
  };
  const times = Object.entries(settings).map(([name, setting]: [string, BucketSetting]) =>
    setting === null ? 0 : Math.max(0, spent[name as keyof PairSettings] - setting.burst) * setting.periodMs,
  );
  return Math.max(0, ...times);
}
