import type { Homeserver } from "../homeservers/pair.ts";

export interface AuthorizationServerOptions {
  /** Lifetime of an access token. Default 300, as in production. */
  readonly accessTokenSeconds?: number;
  /**
   * Lifetime that its clients are given, so that they renew more often than tokens expire. Default:
   * the real one.
   */
  readonly announcedSeconds?: number;
  /** How often a waiting client may poll. Default 5, as in production. */
  readonly intervalSeconds?: number;
}

/** A request to the authorization server. */
export interface OauthRequest {
  readonly method: string;
  readonly path: string;
  /** Its form; empty for every other request. */
  readonly form: Readonly<Record<string, string>>;
}

/**
 * - `lost_request`: it never arrives.
 * - `lost_answer`: it is carried out, and its answer is lost.
 * - A number: answered with that status and not carried out.
 */
export type OauthFault = "lost_request" | "lost_answer" | number;

/** Called for each request before it is carried out. The request waits for it. */
export type OauthRule = (request: OauthRequest) => OauthFault | undefined | Promise<OauthFault | undefined>;

/**
 * A session on the delegating homeserver that no client of the authorization server made. Tests act
 * and look as that person with it.
 */
export interface OwnSession {
  readonly userId: string;
  readonly accessToken: string;
  readonly deviceId: string;
}

/**
 * An authorization server for one delegating homeserver, with people who answer when the test says
 * so.
 */
export interface AuthorizationServer {
  readonly issuer: string;
  /** For the homeserver's configuration (`extraConfig` of a pair). */
  readonly homeserverConfig: Readonly<Record<string, unknown>>;
  /** Every request of clients so far. Synapse's introspection requests are not included. */
  readonly requests: readonly OauthRequest[];
  /** Once the homeserver runs. */
  connect(homeserver: Pick<Homeserver, "baseUrl" | "serverName">): void;
  /** Creates an account on the homeserver and here. An existing one is left as it is. */
  addUser(localpart: string, displayName?: string): Promise<void>;
  /** Opens a session that the person has besides the bot's, with a token of this lifetime. */
  openSession(localpart: string, options?: { deviceId?: string; seconds?: number }): Promise<OwnSession>;
  /** The person confirms on the page behind the link. */
  approve(userCode: string, localpart: string): Promise<void>;
  deny(userCode: string): Promise<void>;
  /** Every pending code expires. */
  expireCodes(): void;
  /** The person ends their sessions with clients of this server, on its account page. */
  endSessions(localpart: string): Promise<void>;
  setLocked(localpart: string, isLocked: boolean): void;
  setRule(rule?: OauthRule): void;
  /** Connections are refused until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}
