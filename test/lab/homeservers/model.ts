import type { AccessLogLine } from "./access-log.ts";

/**
 * The request limits of a server:
 * - `unlimited` lifts every `rc_*` limit;
 * - `default` keeps Synapse's own;
 * - `{ scale }` keeps their shape and refills them `scale` times as fast, so that a test of waiting
 *   takes a `scale`-th of the time.
 */
export type RateLimits = "unlimited" | "default" | { readonly scale: number };

/** The two ends of a move. */
export type PairSide = "old" | "new";

/** One value for each end. */
export type BySide<T> = Readonly<Record<PairSide, T>>;

export const SIDES: readonly PairSide[] = ["old", "new"];

/** Options of a pair of homeservers. */
export interface PairOptions {
  /**
   * The pair's data. An empty or missing folder becomes a new pair. A folder with a stopped pair,
   * or a copy of one, is started again with its names, ports, accounts and rooms (`limits` and the
   * other options may differ).
   */
  readonly folder: string;
  readonly limits: RateLimits;
  /**
   * Host part of each server name: `localhost` (the default) or a name below it, such as
   * `old.localhost`.
   */
  readonly names?: BySide<string>;
  /**
   * Version of new rooms, e.g. "11". Default: the server's own, which differs between versions of
   * Synapse.
   */
  readonly roomVersion?: string;
  /** Receives log lines about installation and start. */
  readonly log?: (line: string) => void;
  /**
   * Merged into each server's homeserver.yaml. Objects are merged key by key, everything else is
   * replaced.
   */
  readonly extraConfig?: Partial<BySide<Readonly<Record<string, unknown>>>>;
}

/** An account to create by the shared-secret registration API. */
export interface NewUser {
  readonly localpart: string;
  readonly password: string;
  readonly admin?: boolean;
  readonly displayName?: string;
}

/** A created account, with the session its registration made. */
export interface RegisteredUser {
  readonly userId: string;
  readonly accessToken: string;
  readonly deviceId: string;
}

/** One Synapse of a pair. */
export interface Homeserver {
  /** The server's name in user IDs, `localhost:<federation port>`. */
  readonly serverName: string;
  /**
   * The client-server API, `http://127.0.0.1:<port>`, without a slash at its end; the same after
   * every `start()`.
   */
  readonly baseUrl: string;
  /** The server's own folder: database, media, logs, homeserver.yaml. */
  readonly folder: string;
  /** Process ID of Synapse, `undefined` while stopped. */
  readonly pid: number | undefined;
  /** Creates an account. Throws when the server refuses, e.g. because the name is taken. */
  registerUser(user: NewUser): Promise<RegisteredUser>;
  /**
   * Every request that the server has answered since the pair's folder was made, federation
   * included, oldest first. Do not call it while the server is paused.
   */
  accessLog(): Promise<AccessLogLine[]>;
  /** Freezes the server: it accepts connections and answers nothing. */
  pause(): void;
  /** Ends `pause()`. */
  resume(): void;
  /**
   * Ends the server, also a paused one. Connections are then refused. Does nothing if it is
   * stopped.
   */
  stop(): Promise<void>;
  /** Starts a stopped server on the same ports and waits until it answers. */
  start(): Promise<void>;
}

/** Two homeservers that federate with each other and with nobody else. */
export interface HomeserverPair {
  readonly old: Homeserver;
  readonly new: Homeserver;
  /** Synapse's origin and version. */
  readonly synapse: { readonly source: string; readonly version: string };
  /** Ends both servers. Afterwards the pair's folder can be copied. */
  stop(): Promise<void>;
}
