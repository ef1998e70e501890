import { z } from "zod";
import type { HomeserverClient } from "./homeserver-client.ts";
import { HomeserverError } from "./homeserver-error.ts";
import { readLoginOptions } from "./login-options.ts";
import { toSignInProblem } from "./sign-in-problem.ts";
import type { SignInProblem } from "./sign-in-problem.ts";

/** Proven access to an account. `deviceId` is null for tokens without a device, which admins make. `accessToken` is a secret. */
export interface Session {
  readonly userId: string;
  readonly deviceId: string | null;
  readonly accessToken: string;
}

/**
 * How a sign-in ended. `leftoverDeviceId` names a session that the bot made, may not use and could not log out again; the user finds
 * it in the list of devices.
 */
export type SignInOutcome =
  | { readonly kind: "signed_in"; readonly session: Session }
  | { readonly kind: "problem"; readonly problem: SignInProblem; readonly leftoverDeviceId: string | null };

/** Whose token it is, by the server's word. */
export interface TokenOwner {
  readonly userId: string;
  readonly deviceId: string | null;
  readonly isGuest: boolean;
}

export type TokenCheck =
  { readonly kind: "valid"; readonly owner: TokenOwner } | { readonly kind: "problem"; readonly problem: SignInProblem };

export interface PasswordSignIn {
  readonly userId: string;
  readonly password: string;
  /** The same one when trying again: had the answer of the first try been lost, the server then replaces that session. */
  readonly deviceId: string;
  readonly deviceDisplayName: string;
  readonly signal?: AbortSignal;
}

export interface AccessTokenSignIn {
  readonly userId: string;
  readonly accessToken: string;
  readonly signal?: AbortSignal;
}

const MAX_BYTES = 65_536;

const loginSchema = z.object({ access_token: z.string().min(1), device_id: z.string().nullish().catch(undefined) });
const whoamiSchema = z.object({
  user_id: z.string().min(1),
  device_id: z.string().nullish().catch(undefined),
  is_guest: z.boolean().nullish().catch(undefined),
});

/**
 * Signs in with a password, then asks `whoami`, which decides. The password is sent only to a server that offers this way. A session
 * that turns out to be another's, or cannot be proven, is logged out again.
 * @param client of the account's homeserver; its own access token is not used
 */
export async function signInWithPassword(client: HomeserverClient, signIn: PasswordSignIn): Promise<SignInOutcome> {
  const anonymous = client.withAccessToken(null);
  let login: z.output<typeof loginSchema>;
  try {
    const options = await readLoginOptions(anonymous, signIn.signal);
    if (!options.password) return refused({ code: "password_not_offered" });
    login = await sendPassword(anonymous, signIn);
  } catch (error) {
    return refused(toPasswordProblem(error));
  }
  const accessToken = login.access_token;
  const outcome = await proveSession(client, { ...signIn, accessToken });
  if (outcome.kind === "signed_in") {
    const deviceId = outcome.session.deviceId ?? login.device_id ?? signIn.deviceId;
    return { kind: "signed_in", session: { ...outcome.session, deviceId } };
  }
  const end = await signOut(client.withAccessToken(() => accessToken));
  return { ...outcome, leftoverDeviceId: end.kind === "signed_out" ? null : (login.device_id ?? signIn.deviceId) };
}

/** Takes a session that the user made elsewhere. It is never logged out, whatever comes of it. */
export async function signInWithAccessToken(client: HomeserverClient, signIn: AccessTokenSignIn): Promise<SignInOutcome> {
  return await proveSession(client, signIn);
}

/** Asks a server whose the client's token is. */
export async function checkAccessToken(client: HomeserverClient, signal?: AbortSignal): Promise<TokenCheck> {
  try {
    const answer = await client.request({
      method: "GET",
      path: "/_matrix/client/v3/account/whoami",
      schema: whoamiSchema,
      maxBytes: MAX_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
    const owner = { userId: answer.user_id, deviceId: answer.device_id ?? null, isGuest: answer.is_guest ?? false };
    return { kind: "valid", owner };
  } catch (error) {
    return { kind: "problem", problem: toSignInProblem(error) };
  }
}

/** Logs the client's session out, and only it. A session that the server no longer knows counts as logged out. */
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
      maxBytes: MAX_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    const problem = toSignInProblem(error);
    if (problem.code !== "expired_token") return { kind: "problem", problem };
  }
  return { kind: "signed_out" };
}

async function sendPassword(client: HomeserverClient, signIn: PasswordSignIn): Promise<z.output<typeof loginSchema>> {
  return await client.request({
    method: "POST",
    path: "/_matrix/client/v3/login",
    body: {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: signIn.userId },
      password: signIn.password,
      device_id: signIn.deviceId,
      initial_device_display_name: signIn.deviceDisplayName,
    },
    schema: loginSchema,
    maxBytes: MAX_BYTES,
    secrets: [signIn.password],
    ...(signIn.signal === undefined ? {} : { signal: signIn.signal }),
  });
}

async function proveSession(client: HomeserverClient, signIn: AccessTokenSignIn): Promise<SignInOutcome> {
  const { userId, accessToken, signal } = signIn;
  // No header can carry anything else, and no server makes such tokens.
  if (!/^[\x21-\x7e]+$/.test(accessToken)) return refused({ code: "expired_token" });
  const check = await checkAccessToken(
    client.withAccessToken(() => accessToken),
    signal,
  );
  if (check.kind === "problem") return refused(check.problem);
  const { owner } = check;
  if (owner.userId !== userId) return refused({ code: "wrong_account", expected: userId, actual: owner.userId });
  if (owner.isGuest) return refused({ code: "guest" });
  return { kind: "signed_in", session: { userId, deviceId: owner.deviceId, accessToken } };
}

function refused(problem: SignInProblem): SignInOutcome {
  return { kind: "problem", problem, leftoverDeviceId: null };
}

/** At /login, M_FORBIDDEN means that name and password do not fit (CS API, "POST /login"). */
function toPasswordProblem(error: unknown): SignInProblem {
  if (error instanceof HomeserverError && error.status === 403 && error.errcode === "M_FORBIDDEN")
    return { code: "wrong_password" };
  return toSignInProblem(error);
}
