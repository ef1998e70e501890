import type { Logger } from "pino";
import { z } from "zod";
import type { Account, SessionTokens } from "../../../model/account.ts";
import type { SignInLink } from "../../../model/sign-in-link.ts";
import type { GuardedFetch } from "../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type {
  AccountRefusal,
  BegunLink,
  ClientIntroduction,
  LinkAnswer,
  LinkProof,
  PlatformSignIn,
  SignInServer,
} from "../../sign-in.ts";
import { DiscoveryError } from "../api/discovery-error.ts";
import { discoverHomeserver } from "../api/discovery.ts";
import { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { endLinkedSession, endSession, pageOf } from "./end-session.ts";
import { readLoginOptions } from "./login-options.ts";
import {
  asLinkingServer,
  linkingServerSchema,
  readAuthorizationServer,
} from "./oauth/authorization-server.ts";
import { beginDeviceAuthorization, pollDeviceAuthorization } from "./oauth/device-authorization.ts";
import { foreignPage } from "./oauth/foreign-page.ts";
import type { MatrixTokens } from "./session-renewal.ts";
import { isDue, matrixTokensSchema, renewTokens } from "./session-renewal.ts";
import type { Sessions } from "./sessions.ts";
import { toSignInProblem } from "./sign-in-problem.ts";
import { checkAccessToken, nameDevice, signInWithPassword, signInWithTokens, signOut } from "./sign-in.ts";
import { isShortLivedToken } from "./token-expiry.ts";

export interface MatrixSignInOptions {
  sessions: Sessions;
  fetch: GuardedFetch;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  introduction: ClientIntroduction;
  now: () => number;
  log: Logger;
}

/** What polling a link needs; it is stored with the link. */
const grantSchema = z.object({ server: linkingServerSchema, clientId: z.string(), deviceCode: z.string() });

/** Sign-in at homeservers. */
export function createMatrixSignIn(options: MatrixSignInOptions): PlatformSignIn {
  const { sessions } = options;
  return {
    methods: ["link", "password", "token"],
    serverOf: (userId) => findServer(userId, options),
    pollLink: (link) => pollLink(link, options),
    proveLink: (link, keep) => proveLink(link, keep, options),
    discardLink: (link) => discardLink(link, options),
    check: (account: Account, signal) => checkAccessToken(sessions.client(account), signal),
    end: (account) => endSession(account, sessions, options),
    sessionPage: ({ account, tokens }) => pageOf(matrixTokensSchema.parse(tokens), account.deviceId),
    refusalOf,
  };
}

/**
 * What a failed request to an account's server means for its owner.
 * @throws anything that is neither a server's error nor a failed connection: a bug
 */
export function refusalOf(error: unknown): AccountRefusal {
  return error instanceof DiscoveryError ? { code: "no_homeserver", error } : toSignInProblem(error);
}

async function findServer(userId: string, options: MatrixSignInOptions): Promise<SignInServer> {
  const { fetch, log, servers, introduction, now } = options;
  const { baseUrl } = await discoverHomeserver(serverNameOf(userId) ?? "", { fetch, log, servers });
  const client = new HomeserverClient({ baseUrl, fetch, log });
  const deviceDisplayName = introduction.clientName;
  return {
    baseUrl,
    beginLink: (deviceId) =>
      beginLink(client, { deviceId, serverName: serverNameOf(userId) ?? "", baseUrl }, options),
    options: () => readLoginOptions(client),
    withPassword: (attempt) => signInWithPassword(client, { ...attempt, deviceDisplayName, now }),
    withToken: ({ userId, accessToken }) => signInWithTokens(client, { userId, tokens: { accessToken } }),
    end: async ({ tokens }) =>
      (await signOut(client.withAccessToken(() => tokens.accessToken))).kind === "signed_out",
    isShortLived: (accessToken) => isShortLivedToken(client, accessToken),
  };
}

async function beginLink(
  client: HomeserverClient,
  { deviceId, ...homeserver }: { deviceId: string; serverName: string; baseUrl: string },
  { fetch, log, introduction, now }: MatrixSignInOptions,
): Promise<BegunLink | null> {
  const delegated = await readAuthorizationServer(client);
  const server = delegated && (await asLinkingServer(delegated, { fetch, log }));
  const startedAt = now();
  const begun = server && (await beginDeviceAuthorization(server, { fetch, introduction, deviceId }));
  if (server === null || begun === null) return null;
  const { expiresInMs, ...authorization } = begun;
  const { issuer } = server;
  const foreignHost = foreignPage([issuer, authorization.verificationUri], homeserver);
  return { ...authorization, server, issuer, foreignHost, expiresAt: startedAt + expiresInMs };
}

async function pollLink(link: SignInLink, { fetch, now }: MatrixSignInOptions): Promise<LinkAnswer> {
  const { server, ...grant } = grantSchema.parse(link);
  try {
    return await pollDeviceAuthorization(server, grant, { fetch, now });
  } catch (error) {
    // The code stays valid while a server fails (platforms/matrix/README.md, "Sign-in by link").
    return isServerFailing(error) ? { kind: "away" } : { kind: "failed", problem: toSignInProblem(error) };
  }
}

async function proveLink(
  link: SignInLink,
  keep: (tokens: SessionTokens) => Promise<void>,
  options: MatrixSignInOptions,
): Promise<LinkProof> {
  const { userId, deviceId } = link;
  const client = clientOf(link, options);
  // Only the newest tokens can end the session, because the server no longer knows older ones.
  let tokens = matrixTokensSchema.parse(link.tokens);
  try {
    // The homeserver may have been unreachable until the tokens expired.
    if (tokens.renewal !== undefined && isDue(tokens.renewal, options.now())) {
      tokens = await renewTokens(tokens.renewal, { client, fetch: options.fetch, now: options.now });
      await keep(tokens);
    }
    const outcome = await signInWithTokens(client, { userId, tokens });
    if (outcome.kind === "signed_in") {
      await nameDevice(clientOf(link, options, tokens), deviceId, options.introduction.clientName);
      return { kind: "signed_in", session: { ...outcome.session, deviceId } };
    }
    const { problem } = outcome;
    const isPassing =
      problem.code === "unreachable" || problem.code === "server_trouble" || problem.code === "limited";
    return isPassing ? { kind: "away" } : await refused(problem);
  } catch (error) {
    return isServerFailing(error) ? { kind: "away" } : await refused(refusalOf(error));
  }

  async function refused(refusal: AccountRefusal): Promise<LinkProof> {
    return { kind: "refused", refusal, isGone: await discardLink({ ...link, tokens }, options) };
  }
}

async function discardLink({ baseUrl, tokens }: SignInLink, options: MatrixSignInOptions): Promise<boolean> {
  if (tokens === null) return true;
  return (await endLinkedSession(baseUrl, matrixTokensSchema.parse(tokens), options)).kind === "gone";
}

function clientOf(
  { baseUrl }: SignInLink,
  { fetch, log }: MatrixSignInOptions,
  tokens?: MatrixTokens,
): HomeserverClient {
  return new HomeserverClient({
    baseUrl,
    fetch,
    log,
    ...(tokens && { accessToken: () => tokens.accessToken }),
  });
}

/** Whether the same request may succeed later. */
function isServerFailing(error: unknown): boolean {
  return (
    error instanceof UnreachableError ||
    (error instanceof HomeserverError && (error.status >= 500 || error.status === 429))
  );
}
