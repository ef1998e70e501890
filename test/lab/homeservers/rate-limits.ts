import type { RateLimits } from "./model.ts";

interface Limit {
  readonly per_second: number;
  readonly burst_count: number;
}

interface FederationLimit {
  readonly window_size: number;
  readonly sleep_limit: number;
  readonly sleep_delay: number;
  readonly reject_limit: number;
  readonly concurrent: number;
}

// The limits and their defaults: synapse/config/ratelimiting.py of 1.163.2. A key with a dot is
// nested in the configuration.
const DEFAULT_LIMITS: Readonly<Record<string, Limit>> = {
  rc_message: { per_second: 0.2, burst_count: 10 },
  rc_registration: { per_second: 0.17, burst_count: 3 },
  rc_registration_token_validity: { per_second: 0.1, burst_count: 5 },
  "rc_login.address": { per_second: 0.003, burst_count: 5 },
  "rc_login.account": { per_second: 0.003, burst_count: 5 },
  "rc_login.failed_attempts": { per_second: 0.17, burst_count: 3 },
  "rc_joins.local": { per_second: 0.1, burst_count: 10 },
  "rc_joins.remote": { per_second: 0.01, burst_count: 10 },
  rc_joins_per_room: { per_second: 1, burst_count: 10 },
  rc_key_requests: { per_second: 20, burst_count: 100 },
  rc_3pid_validation: { per_second: 0.003, burst_count: 5 },
  "rc_invites.per_room": { per_second: 0.3, burst_count: 10 },
  "rc_invites.per_user": { per_second: 0.003, burst_count: 5 },
  "rc_invites.per_issuer": { per_second: 0.3, burst_count: 10 },
  rc_third_party_invite: { per_second: 0.0025, burst_count: 5 },
  rc_media_create: { per_second: 10, burst_count: 50 },
  "rc_presence.per_user": { per_second: 0.1, burst_count: 1 },
  rc_delayed_event_mgmt: { per_second: 1, burst_count: 5 },
  rc_room_creation: { per_second: 0.016, burst_count: 10 },
  rc_reports: { per_second: 1, burst_count: 5 },
  rc_user_directory: { per_second: 0.016, burst_count: 200 },
  rc_profile: { per_second: 1, burst_count: 500 },
};

const DEFAULT_FEDERATION: FederationLimit = {
  window_size: 1000,
  sleep_limit: 10,
  sleep_delay: 500,
  reject_limit: 50,
  concurrent: 3,
};
const DEFAULT_RECEIPTS_PER_ROOM_PER_SECOND = 50;
const DEFAULT_REMOTE_MEDIA_BYTES_PER_SECOND = 87 * 1024;

// High enough never to be reached, low enough for the arithmetic of the server's leaky bucket.
const UNREACHABLE = 1_000_000;

/** The part of homeserver.yaml that sets the request limits; empty for the server's own. */
export function rateLimitConfig(limits: RateLimits): Record<string, unknown> {
  if (limits === "default") return {};
  if (limits === "unlimited") {
    return {
      ...nested(() => ({ per_second: UNREACHABLE, burst_count: UNREACHABLE })),
      rc_federation: {
        ...DEFAULT_FEDERATION,
        sleep_limit: UNREACHABLE,
        sleep_delay: 0,
        reject_limit: UNREACHABLE,
        concurrent: 100,
      },
      federation_rr_transactions_per_room_per_second: UNREACHABLE,
      remote_media_download_per_second: "1024M",
      remote_media_download_burst_count: "1024M",
    };
  }
  const { scale } = limits;
  if (!Number.isFinite(scale) || scale <= 0)
    throw new RangeError(`limits.scale must be a number above 0, not ${scale}`);
  return {
    ...nested((limit) => ({ ...limit, per_second: limit.per_second * scale })),
    rc_federation: {
      ...DEFAULT_FEDERATION,
      window_size: Math.max(1, Math.round(DEFAULT_FEDERATION.window_size / scale)),
      sleep_delay: Math.round(DEFAULT_FEDERATION.sleep_delay / scale),
    },
    federation_rr_transactions_per_room_per_second: DEFAULT_RECEIPTS_PER_ROOM_PER_SECOND * scale,
    remote_media_download_per_second: Math.round(DEFAULT_REMOTE_MEDIA_BYTES_PER_SECOND * scale),
  };
}

function nested(change: (limit: Limit) => Limit): Record<string, unknown> {
  const config: Record<string, Record<string, unknown>> = {};
  for (const [key, limit] of Object.entries(DEFAULT_LIMITS)) {
    const [group = key, part] = key.split(".");
    config[group] = { ...config[group], ...(part === undefined ? change(limit) : { [part]: change(limit) }) };
  }
  return config;
}
