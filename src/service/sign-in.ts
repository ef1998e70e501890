import { randomInt } from "node:crypto";
import type { Logger } from "pino";
import type { Account, Side, SignInMethod } from "../migration/account.ts";
import { otherSide } from "../migration/account.ts";
import type { Accounts, SessionSecret } from "../store/accounts.ts";
import { discoverHomeserver } from "../platforms/matrix/discovery.ts";
import { HomeserverClient } from "../platforms/matrix/homeserver-client.ts";
import { serverNameOf } from "../platforms/matrix/identifiers.ts";
import { readLoginOptions } from "../platforms/matrix/login-options.ts";
import type { GuardedFetch } from "../platforms/matrix/network/guarded-fetch.ts";
import type { SignInOutcome } from "../platforms/matrix/sign-in.ts";
import { checkAccessToken, signInWithAccessToken, signInWithPassword, signOut } from "../platforms/matrix/sign-in.ts";
import type { AccountState, OfferResult, Refusal, SignInResult, SignOutResult } from "./sign-in-results.ts";
import { toRefusal } from "./refusal.ts";
import { KeyedQueue } from "./keyed-queue.ts";

export interface SignInOptions {
  accounts: Accounts;
  fetch: GuardedFetch;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  now: () => number;
  log: Logger;
}

/** How long `!whoami` waits for a server. */
const CHECK_TIMEOUT_MS = 5_000;
/** The name under which the bot's session stands in the person's list of devices. */
const DEVICE_DISPLAY_NAME = "Matrix Mover";

/**
 * Signing in, checking and signing out the two accounts of a person. What is asked of one person is done in order; people do not wait for each other.
 */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #queue = new KeyedQueue();

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** What the account's server offers, without signing in. */
  async offer(owner: string, side: Side, userId: string): Promise<OfferResult> {
    const refusal = await this.#refusedAsSame(owner, side, userId);
    if (refusal) return { status: "refused", refusal };
    try {
      const client = await this.#clientFor(userId);
      return { status: "offered", options: await readLoginOptions(client) };
    } catch (error) {
      return { status: "refused", refusal: toRefusal(error) };
    }
  }

  /** @param secret is used for this one sign-in and not kept; a session that comes of it is. */
  signIn(owner: string, side: Side, userId: string, secret: { method: SignInMethod; value: string }): Promise<SignInResult> {
    return this.#queue.run(owner, () => this.#signIn(owner, side, userId, secret));
  }

  /** The account that a side is signed in with, by what is stored. */
  account(owner: string, side: Side): Promise<Account | null> {
    return this.#options.accounts.get(owner, side);
  }

  /** Asks both servers whether the sessions still work. */
  async states(owner: string): Promise<Partial<Record<Side, AccountState>>> {
    const [source, target] = await Promise.all([this.#state(owner, "source"), this.#state(owner, "target")]);
    return { ...(source && { source }), ...(target && { target }) };
  }

  /** Ends the bot's use of an account. A session that the bot made is logged out; a pasted one is the user's own and is left alone. */
  signOut(owner: string, side: Side): Promise<SignOutResult | null> {
    return this.#queue.run(owner, () => this.#signOut(owner, side));
  }

  /** Ends the use of both accounts, then does something before this person can sign in again. */
  signOutBoth<Result>(owner: string, afterwards: () => Promise<Result>): Promise<{ signedOut: SignOutResult[]; result: Result }> {
    return this.#queue.run(owner, async () => {
      const results = [await this.#signOut(owner, "source"), await this.#signOut(owner, "target")];
      return { signedOut: results.filter((result) => result !== null), result: await afterwards() };
    });
  }

  async #signOut(owner: string, side: Side): Promise<SignOutResult | null> {
    const { accounts } = this.#options;
    const account = await accounts.get(owner, side);
    if (!account) return null;
    const result = await this.#endSession(account, await accounts.session(owner, side));
    await accounts.remove(owner, side);
    return result;
  }

  async #signIn(
    owner: string,
    side: Side,
    userId: string,
    secret: { method: SignInMethod; value: string },
  ): Promise<SignInResult> {
    const { accounts, log, now } = this.#options;
    const refusal = await this.#refusedAsSame(owner, side, userId);
    if (refusal) return { status: "refused", refusal, leftoverDeviceId: null };
    let outcome: SignInOutcome;
    let baseUrl: string;
    try {
      const client = await this.#clientFor(userId);
      ({ baseUrl } = client);
      outcome =
        secret.method === "token"
          ? await signInWithAccessToken(client, { userId, accessToken: secret.value })
          : await this.#withPassword(client, { owner, side, userId, baseUrl }, secret.value);
    } catch (error) {
      return { status: "refused", refusal: toRefusal(error), leftoverDeviceId: null };
    }
    log.info(
      { side, method: secret.method, outcome: outcome.kind === "problem" ? outcome.problem.code : outcome.kind },
      "sign-in",
    );
    if (outcome.kind === "problem") {
      if (!mayHaveMadeSession(outcome)) await accounts.endAttempt(owner, side);
      return { status: "refused", refusal: outcome.problem, leftoverDeviceId: outcome.leftoverDeviceId };
    }
    const before = await accounts.get(owner, side);
    const replaced = before && (await this.#endSession(before, await accounts.session(owner, side), outcome.session.accessToken));
    const account: Account = {
      owner,
      side,
      userId,
      baseUrl,
      method: secret.method,
      deviceId: outcome.session.deviceId,
      signedInAt: now(),
    };
    await accounts.put(account, { accessToken: outcome.session.accessToken });
    return { status: "signed_in", account, other: await accounts.get(owner, otherSide(side)), replaced };
  }

  async #withPassword(
    client: HomeserverClient,
    attempt: { owner: string; side: Side; userId: string; baseUrl: string },
    password: string,
  ): Promise<SignInOutcome> {
    const { deviceId } = await this.#options.accounts.beginAttempt(
      { ...attempt, deviceId: randomDeviceId() },
      this.#options.now(),
    );
    return signInWithPassword(client, { userId: attempt.userId, password, deviceId, deviceDisplayName: DEVICE_DISPLAY_NAME });
  }

  /** Old and new must be two accounts; told before anything is asked of a server. */
  async #refusedAsSame(owner: string, side: Side, userId: string): Promise<Refusal | null> {
    const other = await this.#options.accounts.get(owner, otherSide(side));
    return other?.userId === userId ? { code: "same_account", userId } : null;
  }

  async #clientFor(userId: string): Promise<HomeserverClient> {
    const { fetch, log, servers } = this.#options;
    const { baseUrl } = await discoverHomeserver(serverNameOf(userId) ?? "", { fetch, log, servers });
    return new HomeserverClient({ baseUrl, fetch, log });
  }

  #clientOf(account: Account, session: SessionSecret): HomeserverClient {
    const { fetch, log } = this.#options;
    return new HomeserverClient({ baseUrl: account.baseUrl, fetch, log, accessToken: () => session.accessToken });
  }

  async #state(owner: string, side: Side): Promise<AccountState | null> {
    const account = await this.#options.accounts.get(owner, side);
    const session = await this.#options.accounts.session(owner, side);
    if (!account || !session) return null;
    const check = await checkAccessToken(this.#clientOf(account, session), AbortSignal.timeout(CHECK_TIMEOUT_MS));
    if (check.kind === "valid") return { account, sessionState: { kind: "works" } };
    const hasEnded = ["expired_token", "locked", "deactivated", "suspended"].includes(check.problem.code);
    return { account, sessionState: { kind: hasEnded ? "ended" : "not_checked", problem: check.problem } };
  }

  async #endSession(account: Account, session: SessionSecret | null, newAccessToken?: string): Promise<SignOutResult> {
    if (account.method === "token" || session === null || session.accessToken === newAccessToken)
      return { account, ending: "left_alone" };
    const result = await signOut(this.#clientOf(account, session));
    return result.kind === "signed_out"
      ? { account, ending: "logged_out" }
      : { account, ending: "not_reached", problem: result.problem };
  }
}

/** Whether a session of the bot's may be left on the server: the next try then takes the same device, and the server replaces that session. */
function mayHaveMadeSession({ problem, leftoverDeviceId }: Extract<SignInOutcome, { kind: "problem" }>): boolean {
  return leftoverDeviceId !== null || problem.code === "unreachable" || problem.code === "server_trouble";
}

/** Ten random capital letters, as servers make them; a new one for each sign-in, since ending one session of a shared device could end the other. */
function randomDeviceId(): string {
  return Array.from({ length: 10 }, () => String.fromCharCode(65 + randomInt(26))).join("");
}
