import { refreshTokenGrant } from "openid-client";
import { z } from "zod";
import type { GuardedFetch } from "../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError, accountProblemOf, isLimited } from "../api/homeserver-error.ts";
import { authorizationServerSchema } from "./oauth/authorization-server.ts";
import { askAuthorizationServer, oauthConfiguration } from "./oauth/oauth-requests.ts";

const life = {
  refreshToken: z.string().min(1),
  /** Just before the access token was requested, by the bot's clock. */
  issuedAt: z.number(),
  /** How long the access token works, in milliseconds; null if the server does not say. */
  lifeMs: z.number().nullable(),
};

/**
 * What a session needs to renew its access token. `matrix`: the homeserver's own endpoint (CS
 * §Refreshing access tokens).
 */
export const renewalSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("oauth"), ...life, clientId: z.string(), server: authorizationServerSchema }),
  z.object({ kind: z.literal("matrix"), ...life }),
]);
/** `refreshToken` is a secret. */
export type Renewal = z.output<typeof renewalSchema>;

/** The tokens of a session: a secret. `renewal` is absent if the access token cannot be renewed. */
export const matrixTokensSchema = z.object({
  accessToken: z.string().min(1),
  renewal: z.exactOptional(renewalSchema),
});
export type MatrixTokens = z.output<typeof matrixTokensSchema>;

/**
 * Whether an access token is renewed before its next use: two thirds of its lifetime are over
 * (platforms/matrix/README.md, "Sign-in by link").
 */
export function isDue({ issuedAt, lifeMs }: Renewal, now: number): boolean {
  return lifeMs !== null && now >= issuedAt + (lifeMs * 2) / 3;
}

/**
 * The shortest lifetime of a token in milliseconds. A shorter one would make the bot renew its
 * token with each request.
 */
const MIN_LIFE_MS = 1_000;
function lifeOf(ms: number | null): number | null {
  return ms === null ? null : Math.max(MIN_LIFE_MS, ms);
}

/** Whether an access token has expired. */
export function isOver({ issuedAt, lifeMs }: Renewal, now: number): boolean {
  return lifeMs !== null && now >= issuedAt + lifeMs;
}

/** Final refusals: the session was ended, or the server no longer knows the bot's client. */
const ENDED: ReadonlySet<string> = new Set(["invalid_grant", "invalid_client", "unauthorized_client"]);

/**
 * Requests the next pair of tokens. The pair must be stored before it is used: the old refresh
 * token works again only until the new access token is used.
 * @throws HomeserverError 401 M_UNKNOWN_TOKEN if the session has ended, M_USER_LOCKED for a locked
 * account
 * @throws HomeserverError, UnreachableError for anything else; the same refresh token is then tried
 * again later
 */
export async function renewTokens(
  renewal: Renewal,
  { client, fetch, now }: { client: HomeserverClient; fetch: GuardedFetch; now: () => number },
): Promise<MatrixTokens> {
  const issuedAt = now();
  if (renewal.kind === "matrix") return renewAtHomeserver(renewal, client, issuedAt);
  const { server, clientId, refreshToken } = renewal;
  const configuration = oauthConfiguration(server, clientId, fetch);
  try {
    const answer = await askAuthorizationServer(server.token_endpoint, [refreshToken], () =>
      refreshTokenGrant(configuration, refreshToken),
    );
    const lifeMs = lifeOf(answer.expires_in === undefined ? null : answer.expires_in * 1_000);
    const next = { ...renewal, refreshToken: answer.refresh_token ?? refreshToken, issuedAt, lifeMs };
    return { accessToken: answer.access_token, renewal: next };
  } catch (error) {
    throw toRenewalError(error, new URL(server.token_endpoint).host);
  }
}

/**
 * Only an OAuth error of the token endpoint ends a session. Every other failure may be temporary
 * (platforms/matrix/README.md, "Sign-in by link").
 */
function toRenewalError(error: unknown, host: string): unknown {
  if (error instanceof HomeserverError) {
    if (ENDED.has(error.errcode)) return sessionEnded(error.path);
    const isTrouble = error.status >= 500 || error.status === 429;
    return isTrouble ? error : new UnreachableError("refused", host, error.errcode.toUpperCase());
  }
  const isOddAnswer = error instanceof UnreachableError && error.reason === "unexpected_answer";
  return isOddAnswer ? new UnreachableError("refused", host, error.detail) : error;
}

const refreshSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish().catch(undefined),
  expires_in_ms: z.number().nonnegative().nullish().catch(undefined),
});
const REFRESH_PATH = "/_matrix/client/v3/refresh";

async function renewAtHomeserver(
  renewal: Extract<Renewal, { kind: "matrix" }>,
  client: HomeserverClient,
  issuedAt: number,
): Promise<MatrixTokens> {
  const answer = await client
    .withAccessToken(null)
    .request({
      method: "POST",
      path: REFRESH_PATH,
      body: { refresh_token: renewal.refreshToken },
      schema: refreshSchema,
      maxBytes: 65_536,
      secrets: [renewal.refreshToken],
    })
    .catch((error: unknown) => {
      throw isRefusedRenewal(error) ? sessionEnded(REFRESH_PATH) : error;
    });
  const refreshToken = answer.refresh_token ?? renewal.refreshToken;
  return {
    accessToken: answer.access_token,
    renewal: { ...renewal, refreshToken, issuedAt, lifeMs: lifeOf(answer.expires_in_ms ?? null) },
  };
}

/**
 * Whether the homeserver refuses the refresh token for good. Servers say so with different codes:
 * Synapse sends 403 M_FORBIDDEN for a token that was used up or has expired, and for a session that
 * is over; Tuwunel sends it for a session that its user has ended
 * (platforms/matrix/README.md, "How sessions end").
 */
function isRefusedRenewal(error: unknown): boolean {
  return (
    error instanceof HomeserverError &&
    error.status < 500 &&
    !isLimited(error) &&
    accountProblemOf(error)?.code !== "account_locked"
  );
}

/** The error of every request of a session that has ended, for both kinds of renewal. */
export function sessionEnded(path: string): HomeserverError {
  return new HomeserverError({
    errcode: "M_UNKNOWN_TOKEN",
    status: 401,
    retryAfterMs: null,
    method: "POST",
    path,
    text: "",
  });
}
