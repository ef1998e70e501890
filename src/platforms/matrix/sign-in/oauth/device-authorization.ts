import {
  None,
  customFetch,
  dynamicClientRegistration,
  genericGrantRequest,
  initiateDeviceAuthorization,
} from "openid-client";
import type { GuardedFetch } from "../../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../../network/unreachable-error.ts";
import type { ClientIntroduction } from "../../../sign-in.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import type { MatrixTokens } from "../session-renewal.ts";
import type { LinkingServer } from "./authorization-server.ts";
import {
  allowPlainHttp,
  askAuthorizationServer,
  guardedFetchForLibrary,
  oauthConfiguration,
} from "./oauth-requests.ts";

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
/** The default if the server names no interval (RFC 8628 section 3.2). */
const DEFAULT_INTERVAL_MS = 5_000;
/**
 * Bounds for the interval and the lifetime that a server names, so that it is polled neither in a
 * tight loop nor for ever.
 */
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 60_000;
const MAX_LIFE_MS = 60 * 60_000;

/**
 * A sign-in that waits for a person in a browser. `deviceCode` is a secret. `userCode` is shown to
 * the person.
 */
export interface DeviceAuthorization {
  readonly clientId: string;
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly expiresInMs: number;
  readonly intervalMs: number;
}

/**
 * Registers the bot and requests a code (platforms/matrix/README.md, "Sign-in by link").
 * @param deviceId ten or more letters and digits, never used before. With an existing device, a
 * second session would be left over
 * @returns `null` if the operator has switched this grant off, as the answer to the registration
 * shows
 * @throws HomeserverError, UnreachableError
 */
export async function beginDeviceAuthorization(
  server: LinkingServer,
  {
    fetch,
    introduction,
    deviceId,
  }: { fetch: GuardedFetch; introduction: ClientIntroduction; deviceId: string },
): Promise<DeviceAuthorization | null> {
  const clientId = await register(server, introduction, fetch);
  if (clientId === null) return null;
  const configuration = oauthConfiguration(server, clientId, fetch);
  // The server accepts a wrong scope here, and the user then gets an error page. So the scope is
  // written out in full (platforms/matrix/README.md, "Sign-in by link").
  const scope = `urn:matrix:client:api:* urn:matrix:client:device:${deviceId}`;
  const answer = await askAuthorizationServer(server.device_authorization_endpoint, [], () =>
    initiateDeviceAuthorization(configuration, { scope }),
  );
  return {
    clientId,
    deviceCode: answer.device_code,
    userCode: answer.user_code,
    verificationUri: addressOf(answer.verification_uri, server),
    ...boundedTimes(answer),
  };
}

/** How often a link may be polled, and for how long, within the bot's own bounds. */
export function boundedTimes({
  expires_in: expiresIn,
  interval,
}: {
  expires_in: number;
  interval?: number;
}): Pick<DeviceAuthorization, "expiresInMs" | "intervalMs"> {
  const intervalMs = interval === undefined ? DEFAULT_INTERVAL_MS : interval * 1_000;
  return {
    expiresInMs: Math.min(MAX_LIFE_MS, expiresIn * 1_000),
    intervalMs: Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, intervalMs)),
  };
}

/**
 * The page that people open. It must use HTTPS, unless the authorization server itself uses plain
 * HTTP, which the configuration must permit.
 */
function addressOf(text: string, server: LinkingServer): string {
  const url = URL.parse(text);
  const isSafe = url?.protocol === "https:" || url?.protocol === new URL(server.issuer).protocol;
  if (url === null || !isSafe || url.username !== "" || url.password !== "")
    throw new UnreachableError("unexpected_answer", new URL(server.issuer).host, "verification_uri");
  return url.href;
}

/**
 * Registers the bot. The Matrix Authentication Service returns the same client for the same
 * registration, so only the client's ID is kept (platforms/matrix/README.md, "Sign-in by link").
 */
async function register(
  server: LinkingServer,
  { clientName, clientUri }: ClientIntroduction,
  fetch: GuardedFetch,
): Promise<string | null> {
  const guarded = guardedFetchForLibrary(fetch);
  const metadata = {
    client_name: clientName,
    client_uri: clientUri,
    grant_types: [DEVICE_GRANT, "refresh_token"],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: "none",
    application_type: "native",
  };
  const client = await askAuthorizationServer(server.registration_endpoint, [], () =>
    dynamicClientRegistration(new URL(server.issuer), metadata, None(), {
      // The library first reads the server's metadata, which is known already.
      [customFetch]: async (url, options) =>
        options.method === "GET" ? Response.json(server) : guarded(url, options),
      execute: [allowPlainHttp],
    }),
  );
  const { client_id: clientId, grant_types: granted } = client.clientMetadata();
  return Array.isArray(granted) && !granted.includes(DEVICE_GRANT) ? null : clientId;
}

/**
 * `lost`: the server no longer knows the code. Its tokens were issued but not stored, for example
 * because of a crash between the two.
 */
export type PollResult =
  | { readonly kind: "pending" | "slow_down" | "refused" | "expired" | "lost" }
  | { readonly kind: "confirmed"; readonly tokens: MatrixTokens };

/**
 * Asks once whether the person has confirmed. The name of the error decides, not the status: the
 * Matrix Authentication Service answers 403 where RFC 8628 says 400.
 * @throws HomeserverError, UnreachableError if a server fails; the code then stays valid
 */
export async function pollDeviceAuthorization(
  server: LinkingServer,
  { clientId, deviceCode }: Pick<DeviceAuthorization, "clientId" | "deviceCode">,
  { fetch, now }: { fetch: GuardedFetch; now: () => number },
): Promise<PollResult> {
  const configuration = oauthConfiguration(server, clientId, fetch);
  const issuedAt = now();
  try {
    const answer = await askAuthorizationServer(server.token_endpoint, [deviceCode], () =>
      genericGrantRequest(configuration, DEVICE_GRANT, { device_code: deviceCode }),
    );
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: life } = answer;
    // Every Matrix authorization server has the refresh grant, and the bot registered for it (CS
    // v1.15 §OAuth 2.0 API).
    if (refreshToken === undefined)
      throw new UnreachableError("unexpected_answer", new URL(server.token_endpoint).host, "refresh_token");
    const lifeMs = life === undefined ? null : life * 1_000;
    return {
      kind: "confirmed",
      tokens: { accessToken, renewal: { kind: "oauth", refreshToken, issuedAt, lifeMs, clientId, server } },
    };
  } catch (error) {
    if (!(error instanceof HomeserverError)) throw error;
    switch (error.errcode) {
      case "authorization_pending":
        return { kind: "pending" };
      case "slow_down":
        return { kind: "slow_down" };
      case "access_denied":
        return { kind: "refused" };
      case "expired_token":
        return { kind: "expired" };
      case "invalid_grant":
        return { kind: "lost" };
      default:
        throw error;
    }
  }
}
