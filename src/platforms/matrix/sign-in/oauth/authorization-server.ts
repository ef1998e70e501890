import type { Logger } from "pino";
import { z } from "zod";
import type { GuardedFetch } from "../../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../../network/unreachable-error.ts";
import { HomeserverClient } from "../../api/homeserver-client.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import { PageError } from "../../api/page-error.ts";

const page = z.url({ protocol: /^https?$/, error: "not an address" });
const optionalPage = page.optional().catch(undefined);

/**
 * The part of an authorization server's metadata that the bot uses (RFC 8414; CS API v1.15, "Server
 * metadata discovery"), as the server wrote it.
 */
export const authorizationServerSchema = z.object({
  issuer: page,
  token_endpoint: page,
  registration_endpoint: optionalPage,
  device_authorization_endpoint: optionalPage,
  revocation_endpoint: optionalPage,
  account_management_uri: optionalPage,
  account_management_actions_supported: z.array(z.string()).optional().catch(undefined),
});
export type AuthorizationServerMetadata = z.output<typeof authorizationServerSchema>;

/** The metadata of a server that offers sign-in by link (RFC 8628). */
export const linkingServerSchema = authorizationServerSchema.extend({
  registration_endpoint: page,
  device_authorization_endpoint: page,
});
export type LinkingServer = z.output<typeof linkingServerSchema>;

const MAX_METADATA_BYTES = 65_536;
/** Both return the same bytes (platforms/matrix/README.md, "Sign-in by link"). */
const PATHS = [
  "/_matrix/client/v1/auth_metadata",
  "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
] as const;

/**
 * The authorization server of a homeserver. `null` if the homeserver signs people in itself.
 * @throws HomeserverError, UnreachableError if the server's failure leaves this unknown
 */
export async function readAuthorizationServer(
  client: HomeserverClient,
  signal?: AbortSignal,
): Promise<AuthorizationServerMetadata | null> {
  for (const path of PATHS) {
    const server = await readMetadata(client, path, signal);
    if (server !== null) return server;
  }
  return null;
}

/**
 * The server's metadata if it offers sign-in by link, else `null`. Synapse caches the metadata
 * until it restarts. If the device grant is missing, the authorization server itself is therefore
 * asked once (platforms/matrix/README.md, "Sign-in by link").
 * @throws HomeserverError, UnreachableError if the server's failure leaves this unknown
 */
export async function asLinkingServer(
  server: AuthorizationServerMetadata,
  options: { readonly fetch: GuardedFetch; readonly log: Logger; readonly signal?: AbortSignal },
): Promise<LinkingServer | null> {
  if (canLink(server)) return server;
  const client = new HomeserverClient({ baseUrl: server.issuer, fetch: options.fetch, log: options.log });
  const own = await readMetadata(client, "/.well-known/openid-configuration", options.signal);
  return own !== null && own.issuer === server.issuer && canLink(own) ? own : null;
}

function canLink(server: AuthorizationServerMetadata): server is LinkingServer {
  return server.device_authorization_endpoint !== undefined && server.registration_endpoint !== undefined;
}

async function readMetadata(
  client: HomeserverClient,
  path: string,
  signal: AbortSignal | undefined,
): Promise<AuthorizationServerMetadata | null> {
  try {
    return await client.withAccessToken(null).request({
      method: "GET",
      path,
      schema: authorizationServerSchema,
      maxBytes: MAX_METADATA_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    // Servers without OAuth answer 404 M_UNRECOGNIZED. Older servers and proxies answer with any
    // status from 400 on, or with a web page.
    if (error instanceof HomeserverError || error instanceof PageError) {
      if (error.status < 500 && error.status !== 429) return null;
      throw error;
    }
    if (
      error instanceof UnreachableError &&
      (error.reason === "not_json" || error.reason === "unexpected_answer")
    )
      return null;
    throw error;
  }
}
