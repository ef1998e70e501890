import type { AccessLogLine } from "./access-log.ts";

/**
 * Which request limits a server applies. `unlimited` lifts every `rc_*` limit, `default` leaves
 * Synapse's own, and `{ scale }` keeps their shape but lets `scale` times as many requests through
 * a second, so that a test of waiting takes a `scale`-th of the time.
 */
export type RateLimits = "unlimited" | "default" | { readonly scale: number };

/** The two ends of a move. */
export type PairSide = "old" | "new";

/** One value for each end. */
export type BySide<T> = Readonly<Record<PairSide, T>>;

export const SIDES: readonly PairSide[] = ["old", "new"];

/** What a pair of homeservers is started with. */
export interface PairOptions {
  /**
   * The pair's data. An empty or missing folder becomes a new pair; a folder that holds a stopped
   * pair, or a copy of one, is started again with the names, ports, accounts and rooms it had
   * (`limits` and the other options may differ).
   */
  readonly folder: string;
  readonly limits: RateLimits;
  /**
   * Host part of each server name: `localhost` (the default) or a name below it, such as
   * `old.localhost`.
   */
  readonly names?: BySide<string>;
  /**
   * Version of new rooms, e.g. "11". Without it the server's own default, which differs between
   * versions of Synapse.
   */
  readonly roomVersion?: string;
  /** Receives one line at a time about what is being installed or started. */
  readonly log?: (line: string) => void;
  /**
   * Where the installed Synapse is kept. Default: `MATRIX_MOVER_CACHE`, else `.cache` in the
   * project's root; in it the folder `homeservers`.
   */
  readonly cacheFolder?: string;
  /** Merged into each server's homeserver.yaml, objects key by key, everything else replaced. */
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
   * Every request the server has answered since the pair's folder was made, federation included,
   * oldest first. Not to be asked while it is paused.
   */
  accessLog(): Promise<AccessLogLine[]>;
  /** Freezes the server: connections are taken, nothing is answered. */
  pause(): void;
  /** Ends `pause()`. */
  resume(): void;
  /**
   * Ends the server, also a paused one; connections are then refused. Does nothing when it is
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
  /** Where Synapse came from, and its version. */
  readonly synapse: { readonly source: string; readonly version: string };
  /** Ends both servers. Afterwards the pair's folder can be copied as it stands. */
  stop(): Promise<void>;
}
