/**
 * The limited requests of a plan, by kind. Account data, tags, push rules, read markers and reading
 * are not limited (platforms/matrix/README.md, "Rate limits").
 */
export interface RequestCounts {
  /** The source invites the target. */
  invitations: number;
  /** Joins of rooms nobody of the target's server is known to be in. */
  joinsNewToServer: number;
  otherJoins: number;
  /** State events the source writes: power levels. */
  sourceWrites: number;
  /** State events that the target writes: its names in rooms, profile changes. */
  targetWrites: number;
}

export type LimitedServer = "source" | "target";

/** A limit of one of the two servers: a burst, then one request in an interval. */
export interface LimitUse {
  server: LimitedServer;
  /** Key in the server's configuration. */
  setting: string;
  perSecond: number;
  burstCount: number;
  spent: number;
  /** How long the move would take under this limit alone. */
  durationMs: number;
}

/** Something an administrator can do, and what the move would take then. */
export interface Remedy {
  server: LimitedServer;
  /**
   * `config`: the settings listed, in the server's configuration. `override`: a rate limit override
   * for the account on that server does the same without a restart (`POST
   * /_synapse/admin/v1/users/{userId}/override_ratelimit`, body
   * `{"messages_per_second":0,"burst_count":0}`).
   */
  means: "config" | "config_or_override";
  /** Each with the burst that lets the whole move through; the rate may stay. */
  settings: readonly { setting: string; perSecond: number; burstCount: number }[];
  /** Expected duration if only this is done. */
  expectedMs: number;
  /** Expected duration if this and the remedies before it are done. */
  expectedMsSoFar: number;
}

export interface TimeEstimate {
  requestCounts: RequestCounts;
  /** Both accounts live on one server, so that it has one administrator and one set of settings. */
  isSameServer: boolean;
  limits: readonly LimitUse[];
  /**
   * Under the limits a server has unless its administrator changed them: the kinds run side by
   * side, so the slowest decides.
   */
  expectedMs: number;
  remedies: readonly Remedy[];
}
