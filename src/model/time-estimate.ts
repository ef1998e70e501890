/**
 * The limited requests of a plan, by kind. Account data, tags, push rules, read markers and reading
 * are not limited (platforms/matrix/README.md, "Rate limits").
 */
export interface RequestCounts {
  /** The source invites the target. */
  invitations: number;
  /** Joins of rooms in which no user of the target's server is known. */
  joinsNewToServer: number;
  otherJoins: number;
  /** State events that the source writes: power levels. */
  sourceWrites: number;
  /** State events that the target writes: its names in rooms, profile changes. */
  targetWrites: number;
}

export type LimitedServer = "source" | "target";

/** A limit of one of the two servers: a burst, then one request in an interval. */
export interface LimitUse {
  server: LimitedServer;
  /** The key in the server's configuration. */
  setting: string;
  perSecond: number;
  burstCount: number;
  spent: number;
  /** The duration of the move under this limit alone. */
  durationMs: number;
}

/** A change that an administrator can make, and the duration of the move after it. */
export interface Remedy {
  server: LimitedServer;
  /**
   * - `config`: the listed settings, in the server's configuration.
   * - `override`: a rate limit override for the account on that server has the same effect without
   *   a restart (`POST /_synapse/admin/v1/users/{userId}/override_ratelimit`, body
   *   `{"messages_per_second":0,"burst_count":0}`).
   */
  means: "config" | "config_or_override";
  /** Each setting has the burst that the whole move needs. Its rate may stay. */
  settings: readonly { setting: string; perSecond: number; burstCount: number }[];
  /** Expected duration if only this is done. */
  expectedMs: number;
  /** Expected duration if this and the remedies before it are done. */
  expectedMsSoFar: number;
}

export interface TimeEstimate {
  requestCounts: RequestCounts;
  /** Whether both accounts are on one server, with one administrator and one set of settings. */
  isSameServer: boolean;
  limits: readonly LimitUse[];
  /**
   * The duration under the default limits of servers. The kinds run in parallel, so the slowest
   * decides.
   */
  expectedMs: number;
  remedies: readonly Remedy[];
}
