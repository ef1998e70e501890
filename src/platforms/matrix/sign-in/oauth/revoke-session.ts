import { tokenRevocation } from "openid-client";
import { HomeserverError } from "../../api/homeserver-error.ts";
import type { GuardedFetch } from "../../../../network/guarded-fetch.ts";
import type { Renewal } from "../session-renewal.ts";
import { askAuthorizationServer, oauthConfiguration } from "./oauth-requests.ts";

/**
 * Ends a session at its authorization server (RFC 7009). The server says yes to whatever it is
 * given, so success is no proof: ask `whoami` afterwards. The refresh token names the whole
 * session; with the wrong hint nothing would happen (oauth.md, 9).
 * @returns false where the server offers no way
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
    // A token that is no more may be refused as well (some servers answer invalid_grant): what is
    // gone is gone.
    if (!(error instanceof HomeserverError && error.errcode === "invalid_grant")) throw error;
  }
  return true;
}
