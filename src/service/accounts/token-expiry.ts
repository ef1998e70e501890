import type { HomeserverClient } from "../../platforms/matrix/api/homeserver-client.ts";
import { readAuthorizationServer } from "../../platforms/matrix/sign-in/oauth/authorization-server.ts";
import { toSignInProblem } from "../../platforms/matrix/sign-in/sign-in-problem.ts";

/**
 * Tokens of Synapse's own, and those that the Matrix Authentication Service gives to older clients,
 * as they name themselves: neither runs out.
 */
const LASTING = /^(?:syt|mct)_/u;

/**
 * Whether a pasted token will run out within minutes: where a server has OAuth, those of its apps
 * do, and only the app can renew them (protocol-facts.md, section 8).
 */
export async function isShortLivedToken(client: HomeserverClient, accessToken: string): Promise<boolean> {
  if (LASTING.test(accessToken)) return false;
  try {
    return (await readAuthorizationServer(client)) !== null;
  } catch (error) {
    // The account is signed in; that a server is in trouble now is no news about its token.
    toSignInProblem(error);
    return false;
  }
}
