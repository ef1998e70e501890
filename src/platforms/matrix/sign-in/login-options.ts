import { z } from "zod";
import type { LoginOptions } from "../../sign-in.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { PageError } from "../api/page-error.ts";
import { readAuthorizationServer } from "./oauth/authorization-server.ts";

const MAX_LOGIN_OPTIONS_BYTES = 65_536;

const flowsSchema = z.object({
  flows: z
    .array(z.object({ type: z.string() }).catch({ type: "" }))
    .nullish()
    .catch(undefined),
});

/**
 * Reads the sign-in methods of a server. OAuth comes first: with it, /login may not exist
 * (platforms/matrix/README.md, "Discovery and addresses").
 * @throws HomeserverError, UnreachableError
 */
export async function readLoginOptions(
  client: HomeserverClient,
  signal?: AbortSignal,
): Promise<LoginOptions> {
  const anonymous = client.withAccessToken(null);
  const oauth = (await readAuthorizationServer(anonymous, signal)) !== null;
  const flows = await readFlows(anonymous, oauth, signal);
  return {
    password: flows.has("m.login.password"),
    token: flows.has("m.login.token"),
    sso: flows.has("m.login.sso"),
    oauth,
  };
}

async function readFlows(
  client: HomeserverClient,
  hasOauthToo: boolean,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  try {
    const { flows } = await client.request({
      method: "GET",
      path: "/_matrix/client/v3/login",
      schema: flowsSchema,
      maxBytes: MAX_LOGIN_OPTIONS_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
    return new Set((flows ?? []).map(({ type }) => type));
  } catch (error) {
    // Synapse with OAuth answers 404 M_UNRECOGNIZED if its proxy does not forward /login to the
    // authorization server.
    if (
      hasOauthToo &&
      (error instanceof HomeserverError || error instanceof PageError) &&
      error.status === 404
    )
      return new Set();
    throw error;
  }
}
