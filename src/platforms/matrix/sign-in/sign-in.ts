import { z } from "zod";
import type { SignInOutcome, SignInProblem } from "../../sign-in.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { parseUserId } from "../ids/identifiers.ts";
import { readLoginOptions } from "./login-options.ts";
import type { MatrixTokens } from "./session-renewal.ts";
import { toSignInProblem } from "./sign-in-problem.ts";

/** The owner of a token, according to the server. */
export interface TokenOwner {
  readonly userId: string;
  readonly deviceId: string | null;
  readonly isGuest: boolean;
}

/** What a server answers about a token. */
export type TokenCheck =
  | { readonly kind: "valid"; readonly owner: TokenOwner }
  | { readonly kind: "problem"; readonly problem: SignInProblem };

/** A sign-in with a password. */
export interface PasswordSignIn {
  readonly userId: string;
  readonly password: string;
  /**
   * The same one on a second try. If the answer of the first try was lost, the server then replaces
   * that session.
   */
  readonly deviceId: string;
  readonly deviceDisplayName: string;
  readonly now: () => number;
  readonly signal?: AbortSignal;
}

/** A sign-in with an existing session. */
export interface TokenSignIn {
  readonly userId: string;
  readonly tokens: MatrixTokens;
  readonly signal?: AbortSignal;
}

const MAX_ANSWER_BYTES = 65_536;

const loginSchema = z.object({
  access_token: z.string().min(1),
  device_id: z.string().nullish().catch(undefined),
  refresh_token: z.string().min(1).nullish().catch(undefined),
  expires_in_ms: z.number().nonnegative().nullish().catch(undefined),
});
const whoamiSchema = z.object({
  user_id: z.string().min(1),
  device_id: z.string().nullish().catch(undefined),
  is_guest: z.boolean().nullish().catch(undefined),
});

/**
 * Signs in with a password, then asks `whoami`, which decides. The password is sent only to a
 * server that offers this method. A session of another account, or one that cannot be proven, is
 * logged out again.
 * @param client of the account's homeserver; its own access token is not used
 */
export async function signInWithPassword(
  client: HomeserverClient,
  signIn: PasswordSignIn,
): Promise<SignInOutcome> {
  const anonymous = client.withAccessToken(null);
  const issuedAt = signIn.now();
  let login: z.output<typeof loginSchema>;
  try {
    const options = await readLoginOptions(anonymous, signIn.signal);
    if (!options.password) return refused({ code: "password_not_offered" });
    login = await sendPassword(anonymous, signIn);
  } catch (error) {
    return refused(toPasswordProblem(error));
  }
  const tokens = tokensOf(login, issuedAt);
  const outcome = await signInWithTokens(client, { ...signIn, tokens });
  if (outcome.kind === "signed_in") {
    const deviceId = outcome.session.deviceId ?? login.device_id ?? signIn.deviceId;
    return { kind: "signed_in", session: { ...outcome.session, deviceId } };
  }
  const end = await signOut(client.withAccessToken(() => tokens.accessToken));
  return {
    ...outcome,
    leftoverDeviceId: end.kind === "signed_out" ? null : (login.device_id ?? signIn.deviceId),
  };
}

/**
 * Uses an existing session if `whoami` names the account. It is never logged out here: a session
 * that the user made elsewhere is theirs, and a session by link is revoked elsewhere.
 */
export async function signInWithTokens(
  client: HomeserverClient,
  signIn: TokenSignIn,
): Promise<SignInOutcome> {
  const { userId, tokens, signal } = signIn;
  // A header cannot carry anything else, and no server makes other tokens.
  if (!/^[\x21-\x7e]+$/.test(tokens.accessToken)) return refused({ code: "session_ended" });
  const check = await checkAccessToken(
    client.withAccessToken(() => tokens.accessToken),
    signal,
  );
  if (check.kind === "problem") return refused(check.problem);
  const { owner } = check;
  if (!isMeant(userId, owner.userId))
    return refused({ code: "wrong_account", expected: userId, actual: owner.userId });
  if (owner.isGuest) return refused({ code: "guest" });
  return { kind: "signed_in", session: { userId: owner.userId, deviceId: owner.deviceId, tokens } };
}

/**
 * Whether a person who typed one user ID means the account with the other one. Servers create
 * localparts in lower case (Appendices §User Identifiers), so capitals that a person typed may mean
 * the account without them. Capitals that a server names and nobody typed are those of a historical
 * user ID (Appendices §Historical User IDs): another account.
 */
function isMeant(typed: string, named: string): boolean {
  const [one, other] = [parseUserId(typed), parseUserId(named)];
  if (one === null || other === null) return typed === named;
  if (one.serverName.toLowerCase() !== other.serverName.toLowerCase()) return false;
  return [one.localpart, one.localpart.toLowerCase()].includes(other.localpart);
}

/** Asks a server for the owner of the client's token. */
export async function checkAccessToken(client: HomeserverClient, signal?: AbortSignal): Promise<TokenCheck> {
  try {
    const answer = await client.request({
      method: "GET",
      path: "/_matrix/client/v3/account/whoami",
      schema: whoamiSchema,
      maxBytes: MAX_ANSWER_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
    const owner = {
      userId: answer.user_id,
      deviceId: answer.device_id ?? null,
      isGuest: answer.is_guest ?? false,
    };
    return { kind: "valid", owner };
  } catch (error) {
    return { kind: "problem", problem: toSignInProblem(error) };
  }
}

/** Names the session in the account's list of devices if the server allows it. */
export async function nameDevice(
  client: HomeserverClient,
  deviceId: string,
  displayName: string,
): Promise<void> {
  try {
    const path = apiPath`/_matrix/client/v3/devices/${deviceId}`;
    await client.request({
      method: "PUT",
      path,
      body: { display_name: displayName },
      schema: z.unknown(),
      maxBytes: MAX_ANSWER_BYTES,
    });
  } catch (error) {
    // It is only a name, and the server has already given one.
    toSignInProblem(error);
  }
}

/**
 * Logs out the client's session and no other. A session that the server no longer knows counts as
 * logged out.
 */
export async function signOut(
  client: HomeserverClient,
  signal?: AbortSignal,
): Promise<{ readonly kind: "signed_out" } | { readonly kind: "problem"; readonly problem: SignInProblem }> {
  try {
    await client.request({
      method: "POST",
      path: "/_matrix/client/v3/logout",
      body: {},
      schema: z.unknown(),
      maxBytes: MAX_ANSWER_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    const problem = toSignInProblem(error);
    if (problem.code !== "session_ended") return { kind: "problem", problem };
  }
  return { kind: "signed_out" };
}

async function sendPassword(
  client: HomeserverClient,
  signIn: PasswordSignIn,
): Promise<z.output<typeof loginSchema>> {
  return await client.request({
    method: "POST",
    path: "/_matrix/client/v3/login",
    body: {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: signIn.userId },
      password: signIn.password,
      device_id: signIn.deviceId,
      initial_device_display_name: signIn.deviceDisplayName,
      // If the server supports it, the token then lives for minutes, and only the bot can renew it.
      refresh_token: true,
    },
    schema: loginSchema,
    maxBytes: MAX_ANSWER_BYTES,
    secrets: [signIn.password],
    ...(signIn.signal === undefined ? {} : { signal: signIn.signal }),
  });
}

function tokensOf(login: z.output<typeof loginSchema>, issuedAt: number): MatrixTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in_ms: lifeMs } = login;
  return typeof refreshToken === "string"
    ? { accessToken, renewal: { kind: "matrix", refreshToken, issuedAt, lifeMs: lifeMs ?? null } }
    : { accessToken };
}

function refused(problem: SignInProblem): SignInOutcome {
  return { kind: "problem", problem, leftoverDeviceId: null };
}

/** At /login, M_FORBIDDEN means that the password does not match (CS API, "POST /login"). */
function toPasswordProblem(error: unknown): SignInProblem {
  if (error instanceof HomeserverError && error.status === 403 && error.errcode === "M_FORBIDDEN")
    return { code: "wrong_password" };
  return toSignInProblem(error);
}
