import type { HomeserverClient } from "../api/homeserver-client.ts";
import { readAuthorizationServer } from "./oauth/authorization-server.ts";
import { toSignInProblem } from "./sign-in-problem.ts";

/**
 * The prefixes of tokens that do not expire: Synapse's own, and those that the Matrix
 * Authentication Service gives to older clients.
 */
const LASTING = /^(?:syt|mct)_/u;

/**
 * Whether a pasted token will expire within minutes. On a server with OAuth the tokens of apps do,
 * and only the app can renew them (platforms/matrix/README.md, "How sessions end").
 */
export async function isShortLivedToken(client: HomeserverClient, accessToken: string): Promise<boolean> {
  if (LASTING.test(accessToken)) return false;
  try {
    return (await readAuthorizationServer(client)) !== null;
  } catch (error) {
    // The account is signed in, and a failure of the server proves nothing about its token.
    toSignInProblem(error);
    return false;
  }
}
