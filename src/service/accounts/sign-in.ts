import { isAccountProblem } from "../../model/account-problem.ts";
import type { Account, Side, SignInMethod } from "../../model/account.ts";
import { otherSide, sides } from "../../model/account.ts";
import type { ConversationAddress } from "../../model/conversation-address.ts";
import { KeyedQueue } from "../../model/keyed-queue.ts";
import type { AccountRefusal, Session, SignInOutcome, SignInServer } from "../../platforms/sign-in.ts";
import { afterSignIn } from "./after-sign-in.ts";
import { mayHaveMadeSession, randomDeviceId } from "./new-session.ts";
import type { AccountState, OfferResult, SignedIn, SignInResult, SignOutResult } from "./results.ts";
import { LinkSignIn } from "./sign-in-by-link.ts";
import type { SignInOptions } from "./sign-in-options.ts";

/** The secret that a person typed. */
interface TypedSecret {
  method: Exclude<SignInMethod, "link">;
  value: string;
}

/** How long `!whoami` waits for a server. */
const CHECK_TIMEOUT_MS = 5_000;

/**
 * Signs the accounts of a person in and out, and checks them. Requests of one person run in order.
 * People do not wait for each other.
 */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #queue = new KeyedQueue();
  readonly #links: LinkSignIn;
  readonly #stopping = new AbortController();

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#links = new LinkSignIn({
      ...options,
      inTurn: (owner, work) => this.#queue.run(owner, work),
      refusedAsSame: (owner, side, userId) => this.#refusedAsSame(owner, side, userId),
      accept: (link, session) => this.#accept({ ...link, method: "link" }, session),
    });
  }

  /** Continues with the links that were pending when the process ended. */
  start(): Promise<void> {
    return this.#links.start();
  }

  /** From now on a session is kept if its server could not be asked to end it. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#links.stop();
  }

  /**
   * Uses the safest method of the account's server: begins a sign-in by link, or returns the other
   * methods.
   * @param address of the message that asks for it; later messages go there
   */
  offer(owner: string, side: Side, userId: string, address: ConversationAddress): Promise<OfferResult> {
    return this.#queue.run(owner, async () => {
      const refusal = await this.#refusedAsSame(owner, side, userId);
      if (refusal) return { status: "refused", refusal };
      const waiting = await this.#links.begunBy(owner, side, address);
      if (waiting !== null) return { status: "link", link: waiting, isRepeat: true };
      try {
        const server = await this.#options.platform.signIn.serverOf(userId);
        const link = await this.#links.begin({
          owner,
          side,
          userId,
          deviceId: randomDeviceId(),
          server,
          address,
        });
        if (link !== null && "code" in link) return { status: "refused", refusal: link };
        if (link !== null) return { status: "link", link, isRepeat: false };
        return { status: "offered", options: await server.options() };
      } catch (error) {
        return { status: "refused", refusal: this.#options.platform.signIn.refusalOf(error) };
      }
    });
  }

  /**
   * @param secret is used for this sign-in and not stored; a session that results from it is stored
   */
  signIn(owner: string, side: Side, userId: string, secret: TypedSecret): Promise<SignInResult> {
    return this.#queue.run(owner, () => this.#signIn(owner, side, userId, secret));
  }

  /**
   * Ends the pending sign-ins by link for these sides.
   * @returns the sides with an ended sign-in
   */
  cancel(owner: string, chosen: readonly Side[]): Promise<Side[]> {
    return this.#queue.run(owner, async () => {
      const ended: Side[] = [];
      for (const side of chosen) if (await this.#links.end(owner, side, "cancelled")) ended.push(side);
      return ended;
    });
  }

  /** The sides whose sign-in by link waits for the person. */
  waiting(owner: string): Promise<Side[]> {
    return this.#queue.run(owner, async () => {
      const found: Side[] = [];
      for (const side of sides) if (await this.#links.isWaiting(owner, side)) found.push(side);
      return found;
    });
  }

  /** The stored account of a side. */
  account(owner: string, side: Side): Promise<Account | null> {
    return this.#options.accounts.get(owner, side);
  }

  /** Asks both servers whether the sessions still work. */
  async states(owner: string): Promise<Partial<Record<Side, AccountState>>> {
    const [source, target] = await Promise.all([this.#state(owner, "source"), this.#state(owner, "target")]);
    return { ...(source && { source }), ...(target && { target }) };
  }

  /**
   * Ends the bot's use of an account, and a pending sign-in. A session that the bot made is logged
   * out. A pasted one is the user's own and is left alone.
   */
  signOut(owner: string, side: Side): Promise<SignOutResult | null> {
    return this.#queue.run(owner, () => this.#signOut(owner, side));
  }

  /**
   * Ends all sessions of an account, also those of its owner's apps, and then the bot's use of it.
   * @param end asks the server; unless it answers `ended`, the bot goes on using the account
   * @returns `null` if the account is not signed in
   */
  signOutEverywhere<Ending extends { status: string }>(
    owner: string,
    side: Side,
    end: (account: Account) => Promise<Ending>,
  ): Promise<Ending | null> {
    return this.#queue.run(owner, async () => {
      const { accounts, platform } = this.#options;
      const account = await accounts.get(owner, side);
      if (account === null) return null;
      return this.#whileUnused(owner, side, async () => {
        const ending = await end(account);
        if (ending.status !== "ended") return ending;
        await accounts.endWorkWithKeys(owner, side);
        await platform.keys.forgetDevice({ owner, side });
        await accounts.remove(owner, side);
        return ending;
      });
    });
  }

  /**
   * Ends the use of both accounts. Then does the given work before this person can sign in again.
   */
  signOutBoth<Result>(
    owner: string,
    afterwards: () => Promise<Result>,
  ): Promise<{ signedOut: SignOutResult[]; result: Result }> {
    return this.#queue.run(owner, async () => {
      const results = [];
      for (const side of sides) results.push(await this.#signOut(owner, side));
      return { signedOut: results.filter((result) => result !== null), result: await afterwards() };
    });
  }

  async #signOut(owner: string, side: Side): Promise<SignOutResult | null> {
    const { accounts } = this.#options;
    await this.#links.end(owner, side, "cancelled");
    const account = await accounts.get(owner, side);
    if (!account) return null;
    return this.#whileUnused(owner, side, async () => {
      // The server may take long to answer.
      await accounts.endWorkWithKeys(owner, side);
      const result = { account, ...(await this.#options.platform.signIn.end(account)) };
      // The next process asks the server again.
      if (result.ending === "not_reached") this.#stopping.signal.throwIfAborted();
      await this.#options.platform.keys.forgetDevice({ owner, side });
      await accounts.remove(owner, side);
      return result;
    });
  }

  async #signIn(owner: string, side: Side, userId: string, secret: TypedSecret): Promise<SignInResult> {
    const { accounts, platform, log } = this.#options;
    const refusal = await this.#refusedAsSame(owner, side, userId);
    if (refusal) return { status: "refused", refusal, leftoverDeviceId: null };
    let outcome: SignInOutcome;
    let server: SignInServer;
    try {
      server = await platform.signIn.serverOf(userId);
      outcome =
        secret.method === "token"
          ? await server.withToken({ userId, accessToken: secret.value })
          : await this.#withPassword(server, { owner, side, userId, baseUrl: server.baseUrl }, secret.value);
    } catch (error) {
      return {
        status: "refused",
        refusal: this.#options.platform.signIn.refusalOf(error),
        leftoverDeviceId: null,
      };
    }
    log.info(
      {
        side,
        method: secret.method,
        outcome: outcome.kind === "problem" ? outcome.problem.code : outcome.kind,
      },
      "sign-in",
    );
    if (outcome.kind === "problem") {
      if (!mayHaveMadeSession(outcome)) await accounts.endAttempt(owner, side);
      return { status: "refused", refusal: outcome.problem, leftoverDeviceId: outcome.leftoverDeviceId };
    }
    // The server may spell the account differently than the person did.
    const proven = await this.#refusedAsSame(owner, side, outcome.session.userId);
    if (proven !== null) return this.#refusedAfterwards(server, outcome.session, secret, proven);
    const { baseUrl } = server;
    const signedIn = await this.#accept({ owner, side, baseUrl, method: secret.method }, outcome.session);
    await this.#links.end(owner, side, "replaced");
    const isShortLived = secret.method === "token" && (await server.isShortLived(secret.value));
    return { status: "signed_in", isShortLived, ...signedIn };
  }

  /** Ends a session that the bot made and must not use. A pasted session is not ended. */
  async #refusedAfterwards(
    server: SignInServer,
    session: Session,
    { method }: TypedSecret,
    refusal: AccountRefusal,
  ): Promise<SignInResult> {
    const isGone = method === "token" || (await server.end(session));
    return { status: "refused", refusal, leftoverDeviceId: isGone ? null : session.deviceId };
  }

  /** Stores a proven session. It replaces the earlier one, which is ended. */
  async #accept(
    { owner, side, baseUrl, method }: Pick<Account, "owner" | "side" | "baseUrl" | "method">,
    { userId, deviceId, tokens }: Session,
  ): Promise<SignedIn> {
    const { accounts, now, onSignedIn } = this.#options;
    const { account, replaced } = await this.#whileUnused(owner, side, async () => {
      const before = await accounts.signedIn(owner, side);
      const isSame = before?.tokens.accessToken === tokens.accessToken;
      const ended =
        before &&
        (isSame
          ? { account: before.account, ending: "left_alone" as const }
          : { account: before.account, ...(await this.#options.platform.signIn.end(before.account)) });
      const next: Account = { owner, side, userId, baseUrl, method, deviceId, signedInAt: now() };
      // Before the new session is stored, which may use the same place.
      if (!isSame) await this.#options.platform.keys.forgetDevice({ owner, side });
      await accounts.put(next, tokens);
      return { account: next, replaced: ended };
    });
    onSignedIn?.(owner, side, account);
    return afterSignIn(account, replaced, this.#options);
  }

  #whileUnused<Result>(owner: string, side: Side, change: () => Promise<Result>): Promise<Result> {
    const { whileUnused } = this.#options;
    return whileUnused === undefined ? change() : whileUnused(owner, side, change);
  }

  async #withPassword(
    server: SignInServer,
    attempt: { owner: string; side: Side; userId: string; baseUrl: string },
    password: string,
  ): Promise<SignInOutcome> {
    const { accounts, now } = this.#options;
    const { deviceId } = await accounts.beginAttempt({ ...attempt, deviceId: randomDeviceId() }, now());
    return server.withPassword({ userId: attempt.userId, password, deviceId });
  }

  /** Old and new must be two accounts. This is checked before any request to a server. */
  async #refusedAsSame(owner: string, side: Side, userId: string): Promise<AccountRefusal | null> {
    const { accounts, fileOf } = this.#options;
    const file = side === "target" ? await fileOf?.(owner) : undefined;
    const other = (await accounts.get(owner, otherSide(side))) ?? file;
    return other?.userId.toLowerCase() === userId.toLowerCase() ? { code: "same_account", userId } : null;
  }

  async #state(owner: string, side: Side): Promise<AccountState | null> {
    const { accounts, platform } = this.#options;
    const signedIn = await accounts.signedIn(owner, side);
    if (!signedIn) return null;
    const { account } = signedIn;
    const page = platform.signIn.sessionPage(signedIn);
    const check = await platform.signIn.check(account, AbortSignal.timeout(CHECK_TIMEOUT_MS));
    if (check.kind === "valid") return { account, page, sessionState: { kind: "works" } };
    const { problem } = check;
    const sessionState = isAccountProblem(problem)
      ? ({ kind: "ended", problem } as const)
      : ({ kind: "not_checked", problem } as const);
    return { account, page, sessionState };
  }
}
