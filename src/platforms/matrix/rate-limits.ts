import type { RateLimit, RateLimits } from "../../model/rate-limits.ts";

/**
 * Synapse's default limits (config/ratelimiting.py, version 1.157; platforms/matrix/README.md,
 * "Rate limits"). The chains are in the order of Synapse's checks, and each is named for the limit
 * that delays its requests longest.
 *
 * `invitations` counts for the invited account, and again on that account's own server. The queue
 * keeps it for the account that invites, because all invitations of a run are for one account.
 */
export const RATE_LIMITS: RateLimits = {
  invitations: {
    setting: "rc_invites.per_user",
    perSecond: 0.003,
    burst: 5,
    chain: ["invitations", "messages"],
  },
  messages: { setting: "rc_message", perSecond: 0.2, burst: 10, chain: ["messages"] },
  joins: { setting: "rc_joins.local", perSecond: 0.1, burst: 10, chain: ["joins", "messages"] },
  remote_joins: {
    setting: "rc_joins.remote",
    perSecond: 0.01,
    burst: 10,
    chain: ["joins", "remote_joins"],
  },
  room_creation: {
    setting: "rc_room_creation",
    perSecond: 0.016,
    burst: 10,
    chain: ["room_creation", "messages"],
  },
};

/**
 * Counts for the account that invites. The queue does not use it for pacing: `invitations` is
 * slower.
 */
export const INVITATIONS_PER_ISSUER: RateLimit = {
  setting: "rc_invites.per_issuer",
  perSecond: 0.3,
  burst: 10,
};
