import Provider from "oidc-provider";

/** Everything that a Matrix client may ask for belongs to this one resource. */
export const MATRIX = "urn:matrix";
export const API_SCOPE = "urn:matrix:client:api:*";
const DEVICE_SCOPE = "urn:matrix:client:device:";

/** The client as which Synapse asks about tokens. */
const SYNAPSE = "synapse";

/** Life of a code, as in production. */
export const CODE_SECONDS = 1_200;

export interface ProviderOptions {
  issuer: string;
  /** Shared with Synapse. */
  secret: string;
  accessTokenSeconds: number;
  /** Scopes that were asked for; the library takes only those it has been told of. */
  scopes: ReadonlySet<string>;
}

/**
 * The library `oidc-provider`, given the paths and habits that Synapse and Matrix clients expect
 * (oauth.md, "In tests").
 */
export function createProvider({ issuer, secret, accessTokenSeconds, scopes }: ProviderOptions): Provider {
  const provider = new Provider(issuer, {
    routes: {
      token: "/oauth2/token",
      registration: "/oauth2/registration",
      device_authorization: "/oauth2/device",
      introspection: "/oauth2/introspect",
      revocation: "/oauth2/revoke",
      code_verification: "/link",
      jwks: "/oauth2/keys.json",
      userinfo: "/oauth2/userinfo",
    },
    discovery: {
      account_management_uri: `${issuer}/account/`,
      account_management_actions_supported: [
        "org.matrix.devices_list",
        "org.matrix.device_view",
        "org.matrix.session_end",
      ],
    },
    clients: [
      {
        client_id: SYNAPSE,
        client_secret: secret,
        redirect_uris: [],
        response_types: [],
        grant_types: [],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true, charset: "base-20", mask: "******" },
      introspection: { enabled: true, allowedPolicy: () => true },
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => MATRIX,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: [API_SCOPE, ...scopes].join(" "),
          accessTokenTTL: accessTokenSeconds,
          accessTokenFormat: "opaque",
        }),
      },
    },
    ttl: { DeviceCode: CODE_SECONDS, RefreshToken: 86_400, Grant: 86_400, AccessToken: accessTokenSeconds },
    rotateRefreshToken: true,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed("refresh_token"),
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    extraTokenClaims: (_context, token) => ({ username: "accountId" in token ? token.accountId : undefined }),
  });
  // It stands behind the server that answers in its name.
  provider.proxy = true;
  return provider;
}

/** How Synapse's question is put to the library. */
export function synapseCredentials(secret: string): string {
  return `Basic ${Buffer.from(`${SYNAPSE}:${secret}`).toString("base64")}`;
}

export function deviceOf(scope: string): string {
  const device = scope.split(" ").find((each) => each.startsWith(DEVICE_SCOPE));
  return device?.slice(DEVICE_SCOPE.length) ?? "";
}
