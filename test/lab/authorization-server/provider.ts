import Provider from "oidc-provider";

/** The one resource for everything that a Matrix client may request. */
export const MATRIX = "urn:matrix";
export const API_SCOPE = "urn:matrix:client:api:*";
const DEVICE_SCOPE = "urn:matrix:client:device:";

/** Client ID of Synapse's introspection requests. */
const SYNAPSE = "synapse";

/** Lifetime of a code, as in production. */
export const CODE_SECONDS = 1_200;

export interface ProviderOptions {
  issuer: string;
  /** Shared with Synapse. */
  secret: string;
  accessTokenSeconds: number;
  /** Requested scopes. The library accepts only those that it knows. */
  scopes: ReadonlySet<string>;
}

/** The library `oidc-provider` with the paths and habits that Synapse and Matrix clients expect. */
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
  // It runs behind the server that answers in its name.
  provider.proxy = true;
  return provider;
}

/** The credentials of Synapse's introspection request, in the library's form. */
export function synapseCredentials(secret: string): string {
  return `Basic ${Buffer.from(`${SYNAPSE}:${secret}`).toString("base64")}`;
}

export function deviceOf(scope: string): string {
  const device = scope.split(" ").find((each) => each.startsWith(DEVICE_SCOPE));
  return device?.slice(DEVICE_SCOPE.length) ?? "";
}
