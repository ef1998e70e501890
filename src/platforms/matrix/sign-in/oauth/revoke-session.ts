import { tokenRevocation } from "openid-client";
import type { GuardedFetch } from "../../../../network/guarded-fetch.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import type { Renewal } from "../session-renewal.ts";
import { askAuthorizationServer, oauthConfiguration } from "./oauth-requests.ts";

/**
 * Ends a session at its authorization server (RFC 7009). The server accepts any token, so success
 * proves nothing: ask `whoami` afterwards. The refresh token identifies the whole session. With a
 * wrong hint nothing would happen (platforms/matrix/README.md, "How sessions end").
 * @returns false if the server has no revocation endpoint
 * @throws HomeserverError, UnreachableError
 */
export async function revokeSession(
  { server, clientId, refreshToken }: Extract<Renewal, { kind: "oauth" }>,
  fetch: GuardedFetch,
): Promise<boolean> {
  const { revocation_endpoint: endpoint } = server;
  if (endpoint === undefined) return false;
  const configuration = oauthConfiguration(server, clientId, fetch);
  try {
    await askAuthorizationServer(endpoint, [refreshToken], () =>
      tokenRevocation(configuration, refreshToken, { token_type_hint: "refresh_token" }),
    );
  } catch (error) {
    // Some servers answer invalid_grant for a token that no longer exists. Then the session has
    // ended.
    if (!(error instanceof HomeserverError && error.errcode === "invalid_grant")) throw error;
  }
  return true;
}
