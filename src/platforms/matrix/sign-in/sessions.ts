import type { Logger } from "pino";
import type { Account, SessionTokens, Side, SignedInAccount } from "../../../model/account.ts";
import { KeyedQueue } from "../../../model/keyed-queue.ts";
import type { GuardedFetch } from "../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { TokenSource } from "../api/homeserver-client.ts";
import { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { NewAddresses } from "./new-addresses.ts";
import { OwnServerConfirmations, isAboutAccount } from "./own-server-confirms.ts";
import type { MatrixTokens } from "./session-renewal.ts";
import { isDue, isOver, matrixTokensSchema, renewTokens, sessionEnded } from "./session-renewal.ts";

/** The store of signed-in accounts and their tokens. */
export interface SessionStore {
  /** `null`: the side is not signed in. */
  signedIn(owner: string, side: Side): Promise<SignedInAccount | null>;
  /** Stores renewed tokens. False when the stored ones are no longer those that were renewed. */
  renew(signedIn: SignedInAccount, next: SessionTokens): Promise<boolean>;
  /** Moves a session to another address of its server. False as for `renew`. */
  readdress(signedIn: SignedInAccount, baseUrl: string): Promise<boolean>;
}

/** An account with the tokens of its session, as this platform reads them. */
interface MatrixSession {
  account: Account;
  tokens: MatrixTokens;
}

export interface SessionsOptions {
  accounts: SessionStore;
  fetch: GuardedFetch;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

/**
 * How often in a row a token is refused and renewed before the account counts as locked. After the
 * first refusal the session may have ended since the renewal; then the next renewal fails and says
 * so.
 */
const MAX_VAIN_RENEWALS = 2;
/**
 * A server that refuses new tokens again and again will refuse the next one too. During this time
 * requests fail as locked without another renewal.
 */
const LOCKED_MS = 30_000;
/**
 * The pause after a failed renewal while the token still works. Without it, a server that does not
 * answer would delay every request.
 */
const RETRY_MS = 10_000;
/**
 * A refused token may have been replaced in the meantime, and the new one may have expired. Then a
 * third one is issued. More tries are needed only if other requests replace each of them.
 */
const MAX_TRIES = 5;

/**
 * The sessions of the signed-in accounts. Each request gets a valid token.
 * - A token is renewed at two thirds of its lifetime, or when the server no longer knows it.
 * - Only one renewal of a session runs at a time. Of several at once, only one pair of tokens would
 *   stay valid (platforms/matrix/README.md, "Sign-in by link").
 * - New tokens are stored before they are used.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #queue = new KeyedQueue();
  readonly #confirmations = new OwnServerConfirmations();
  readonly #addresses: NewAddresses;
  /** Times of the monotonic clock, by account. */
  readonly #lockedUntil = new Map<string, number>();
  /** Renewals after a refusal, by account, since a token last worked. */
  readonly #vainRenewals = new Map<string, number>();
  readonly #notRenewedBefore = new Map<string, number>();

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#addresses = new NewAddresses(options);
  }

  /** A client that acts for an account while it is signed in, with the session's current tokens. */
  client(account: Account): HomeserverClient {
    const { fetch, log } = this.#options;
    const session: TokenSource = { use: (send, isRelayed) => this.#use(account, send, isRelayed) };
    return new HomeserverClient({ baseUrl: account.baseUrl, fetch, log, session });
  }

  /**
   * Does work with a session while nothing else renews it. The work gets the newest tokens, or
   * `null` if the account is no longer signed in.
   */
  alone<Result>(
    account: Account,
    work: (signedIn: MatrixSession | null) => Promise<Result>,
  ): Promise<Result> {
    return this.#queue.run(keyOf(account), async () => work(await this.#stored(account)));
  }

  async #use<Answer>(
    account: Account,
    send: (token: string) => Promise<Answer>,
    isRelayed: boolean,
  ): Promise<Answer> {
    if (!isRelayed) return await this.#send(account, send, () => Promise.resolve(true));
    const key = keyOf(account);
    const { userId } = account;
    return await this.#confirmations.during(key, (known) =>
      this.#send(account, send, (client, error) =>
        this.#confirmations.isConfirmed({ account: key, userId, known }, client, error),
      ),
    );
  }

  /**
   * @param isConfirmed whether the account's own server confirms an error about the account. The
   * server is asked with the token of the refused request, so that an error of another server
   * causes no renewal.
   */
  async #send<Answer>(
    account: Account,
    send: (token: string) => Promise<Answer>,
    isConfirmed: (client: HomeserverClient, error: HomeserverError) => Promise<boolean>,
  ): Promise<Answer> {
    let token = await this.#current(account);
    for (let tries = 1; ; tries++) {
      try {
        const answer = await send(token);
        this.#vainRenewals.delete(keyOf(account));
        this.#addresses.answered(keyOf(account));
        return answer;
      } catch (error) {
        if (error instanceof UnreachableError && error.reason !== "aborted") await this.#unanswered(account);
        if (!(error instanceof HomeserverError)) throw error;
        this.#addresses.answered(keyOf(account));
        const client = this.#clientWithToken(account, token);
        if (isAboutAccount(error) && !(await isConfirmed(client, error))) throw error.asUnconfirmed();
        if (error.errcode !== "M_UNKNOWN_TOKEN") throw asAway(error);
        if (tries === MAX_TRIES)
          throw new UnreachableError("refused", new URL(account.baseUrl).host, "TOKEN_REPLACED");
        token = await this.#successor(account, token, error);
      }
    }
  }

  #clientWithToken({ baseUrl }: Account, token: string): HomeserverClient {
    const { fetch, log } = this.#options;
    return new HomeserverClient({ baseUrl, fetch, log, accessToken: () => token });
  }

  /** The server did not answer. Its session may move to another address (`NewAddresses`). */
  async #unanswered(account: Account): Promise<void> {
    if (!this.#addresses.failed(keyOf(account))) return;
    await this.alone(account, async (stored) => {
      const baseUrl = stored && (await this.#addresses.find(stored.account, stored.tokens));
      if (stored === null || baseUrl === null) return;
      if (!(await this.#options.accounts.readdress(stored, baseUrl))) return;
      const { side, baseUrl: before } = stored.account;
      this.#options.log.warn({ side, before, baseUrl }, "a server that was away has a new address");
    });
  }

  /**
   * The token for the first try. A token that is due is renewed first. If that fails for now, the
   * token is used until it expires.
   */
  async #current(account: Account): Promise<string> {
    const { now, monotonicNow } = this.#options;
    const stored = await this.#stored(account);
    if (stored === null) throw sessionEnded("");
    const { accessToken, renewal } = stored.tokens;
    if (renewal === undefined || !isDue(renewal, now())) return accessToken;
    const key = keyOf(account);
    if (monotonicNow() < (this.#notRenewedBefore.get(key) ?? 0) && !isOver(renewal, now()))
      return accessToken;
    try {
      return await this.#renewed(
        account,
        (tokens) => tokens.renewal !== undefined && isDue(tokens.renewal, now()),
      );
    } catch (error) {
      if (!isPassing(error) || isOver(renewal, now())) throw error;
      this.#notRenewedBefore.set(key, monotonicNow() + RETRY_MS);
      return accessToken;
    }
  }

  /** The token that replaces one that the server does not know. */
  async #successor(account: Account, refused: string, refusal: HomeserverError): Promise<string> {
    const { now, monotonicNow } = this.#options;
    const key = keyOf(account);
    let isVain = false;
    const isNeeded = (tokens: MatrixTokens): boolean => {
      // The refusal of a token that another request has replaced proves nothing.
      if (tokens.accessToken !== refused) return tokens.renewal !== undefined && isDue(tokens.renewal, now());
      if (tokens.renewal === undefined) throw refusal;
      if (monotonicNow() < (this.#lockedUntil.get(key) ?? 0)) throw locked(refusal);
      if ((this.#vainRenewals.get(key) ?? 0) >= MAX_VAIN_RENEWALS) {
        this.#vainRenewals.delete(key);
        this.#lockedUntil.set(key, monotonicNow() + LOCKED_MS);
        throw locked(refusal);
      }
      isVain = true;
      return true;
    };
    // A renewal that fails shows that the session has ended, and does not count.
    return this.#renewed(account, isNeeded, () => {
      if (isVain) this.#vainRenewals.set(key, (this.#vainRenewals.get(key) ?? 0) + 1);
    });
  }

  /** Renews the session if it still has to be renewed at its turn. */
  async #renewed(
    account: Account,
    isNeeded: (tokens: MatrixTokens) => boolean,
    onRenewed: () => void = () => undefined,
  ): Promise<string> {
    return this.alone(account, async (stored) => {
      if (stored === null) throw sessionEnded("");
      const { tokens } = stored;
      if (!isNeeded(tokens) || tokens.renewal === undefined) return tokens.accessToken;
      const { accounts, fetch, now, log } = this.#options;
      const client = new HomeserverClient({ baseUrl: account.baseUrl, fetch, log });
      const next = await renewTokens(tokens.renewal, { client, fetch, now });
      if (!(await accounts.renew(stored, next))) throw sessionEnded("");
      onRenewed();
      log.debug({ side: account.side, kind: tokens.renewal.kind }, "a session was renewed");
      return next.accessToken;
    });
  }

  /** `null` also if the side is now signed in with another account. */
  async #stored(account: Account): Promise<MatrixSession | null> {
    const { owner, side, userId, baseUrl } = account;
    const stored = await this.#options.accounts.signedIn(owner, side);
    if (stored === null)
      for (const known of [this.#lockedUntil, this.#vainRenewals, this.#notRenewedBefore])
        known.delete(keyOf(account));
    if (stored?.account.userId !== userId) return null;
    // The session has moved. Whoever uses the old address asks again, with the account as stored.
    if (stored.account.baseUrl !== baseUrl)
      throw new UnreachableError("refused", new URL(baseUrl).host, "ADDRESS_CHANGED");
    return { account: stored.account, tokens: matrixTokensSchema.parse(stored.tokens) };
  }
}

function keyOf({ owner, side }: Account): string {
  return `${side} ${owner}`;
}

/**
 * Synapse answers 503 for a token that it has not seen while its authorization server is
 * unreachable. The request is not at fault, so the step waits for the authorization server
 * (platforms/matrix/README.md, "How sessions end").
 */
function asAway(error: HomeserverError): unknown {
  const isAway = error.status === 503 && error.text.includes("introspect");
  return isAway ? new UnreachableError("refused", "authorization server", "INTROSPECTION") : error;
}

/** Whether the failure is neither the end of the session nor a bug. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof UnreachableError ||
    (error instanceof HomeserverError && error.errcode !== "M_UNKNOWN_TOKEN")
  );
}

/**
 * The error that homeservers without OAuth send for a locked account. A homeserver with OAuth
 * answers M_UNKNOWN_TOKEN for it; the successful renewal shows that the session has not ended
 * (platforms/matrix/README.md, "Sign-in by link").
 */
function locked({ method, path }: HomeserverError): HomeserverError {
  return new HomeserverError({
    errcode: "M_USER_LOCKED",
    status: 401,
    retryAfterMs: null,
    method,
    path,
    text: "The server renewed the session and refuses it all the same: the account is locked, or the session's device was removed.",
  });
}
