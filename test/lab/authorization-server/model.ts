import type { Homeserver } from "../homeservers/pair.ts";

export interface AuthorizationServerOptions {
  /** Life of an access token. Default 300, as in production. */
  readonly accessTokenSeconds?: number;
  /**
   * What its clients are told of that life, so that they renew more often than tokens run out.
   * Default: the truth.
   */
  readonly announcedSeconds?: number;
  /** How often a waiting client may ask. Default 5, as in production. */
  readonly intervalSeconds?: number;
}

/** A request to the authorization server. */
export interface OauthRequest {
  readonly method: string;
  readonly path: string;
  /** Its form, empty for everything else. */
  readonly form: Readonly<Record<string, string>>;
}

/**
 * `lost_request`: it never arrives. `lost_answer`: it is done, and nobody hears of it. A number:
 * answered with that status, not done.
 */
export type OauthFault = "lost_request" | "lost_answer" | number;

/** Looks at each request before it is done; what it waits for, the request waits for. */
export type OauthRule = (request: OauthRequest) => OauthFault | undefined | Promise<OauthFault | undefined>;

/**
 * A session of somebody on the delegating homeserver that no client of the authorization server
 * made: for tests to act and look as that person.
 */
export interface OwnSession {
  readonly userId: string;
  readonly accessToken: string;
  readonly deviceId: string;
}

/**
 * An authorization server for one delegating homeserver, with people who answer when they are told
 * to.
 */
export interface AuthorizationServer {
  readonly issuer: string;
  /** For the homeserver's configuration (`extraConfig` of a pair). */
  readonly homeserverConfig: Readonly<Record<string, unknown>>;
  /** Every request of clients so far; Synapse's questions about tokens are not among them. */
  readonly requests: readonly OauthRequest[];
  /** Once the homeserver runs. */
  connect(homeserver: Pick<Homeserver, "baseUrl" | "serverName">): void;
  /** An account on the homeserver and here; one that exists is left as it is. */
  addUser(localpart: string, displayName?: string): Promise<void>;
  /** A session that the person has anyway, with a token that lives so long. */
  openSession(localpart: string, options?: { deviceId?: string; seconds?: number }): Promise<OwnSession>;
  /** What the person does on the page behind the link. */
  approve(userCode: string, localpart: string): Promise<void>;
  deny(userCode: string): Promise<void>;
  /** The time of every code that waits is over. */
  expireCodes(): void;
  /** The person ends their sessions with clients of this server, on its account page. */
  endSessions(localpart: string): Promise<void>;
  setLocked(localpart: string, isLocked: boolean): void;
  setRule(rule?: OauthRule): void;
  /** Connections are refused until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}
