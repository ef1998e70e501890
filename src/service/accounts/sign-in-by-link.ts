import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { Account, Side } from "../../model/account.ts";
import { otherSide } from "../../model/account.ts";
import { HomeserverClient } from "../../platforms/matrix/api/homeserver-client.ts";
import { HomeserverError } from "../../platforms/matrix/api/homeserver-error.ts";
import { UnreachableError } from "../../network/unreachable-error.ts";
import {
  asLinkingServer,
  readAuthorizationServer,
} from "../../platforms/matrix/sign-in/oauth/authorization-server.ts";
import { beginDeviceAuthorization } from "../../platforms/matrix/sign-in/oauth/device-authorization.ts";
import { isDue, renewTokens } from "../../platforms/matrix/sign-in/session-renewal.ts";
import type { SessionTokens } from "../../platforms/matrix/sign-in/session-renewal.ts";
import type { Session } from "../../platforms/matrix/sign-in/sign-in.ts";
import { nameDevice, signInWithTokens } from "../../platforms/matrix/sign-in/sign-in.ts";
import type { SignInLink } from "../../store/sign-in-links.ts";
import { LinkWaits } from "./link-waits.ts";
import { toRefusal } from "./refusal.ts";
import { endLinkedSession } from "./end-session.ts";
import type { SignInOptions } from "./sign-in-options.ts";
import type { LinkNews, AccountRefusal, SignedIn, WaitingLink } from "./results.ts";

interface LinkSignInOptions extends SignInOptions {
  /** Runs the work for one person in order. */
  inTurn: <Result>(owner: string, work: () => Promise<Result>) => Promise<Result>;
  refusedAsSame: (owner: string, side: Side, userId: string) => Promise<AccountRefusal | null>;
  /** Stores a proven session. */
  accept: (link: SignInLink, session: Session) => Promise<SignedIn>;
}

type FinalNews = Exclude<LinkNews, { kind: "waiting" }>;

/**
 * Signing in by OAuth 2.0 device authorization: the person confirms in a browser and types no
 * secret (platforms/matrix/README.md, "Sign-in by link").
 */
export class LinkSignIn {
  readonly #options: LinkSignInOptions;
  readonly #waits: LinkWaits;

  constructor(options: LinkSignInOptions) {
    this.#options = options;
    const { links, fetch, now, log, tell, inTurn } = options;
    this.#waits = new LinkWaits({
      links,
      fetch,
      now,
      log,
      tell,
      accept: (link) => inTurn(link.owner, () => this.#accept(link)),
      discard: async (link) => {
        await this.#discard(link);
      },
      waiting: (link, isServerAway) => ({ kind: "waiting", link: this.#shown(link), isServerAway }),
    });
  }

  start(): Promise<void> {
    return this.#waits.resume();
  }

  stop(): Promise<void> {
    return this.#waits.stop();
  }

  /** The link that this very message began, before a crash made its command run again. */
  async begunBy(owner: string, side: Side, { eventId }: ConversationAddress): Promise<WaitingLink | null> {
    const link = await this.#options.links.get(owner, side);
    return link?.address.eventId === eventId ? this.#shown(link) : null;
  }

  /**
   * Gets a code and waits for it to be confirmed, in place of a link that waits for the same side.
   * Null where the server offers no link.
   * @throws HomeserverError, UnreachableError
   */
  async begin({
    client,
    ...attempt
  }: Pick<SignInLink, "owner" | "side" | "userId" | "deviceId" | "address"> & {
    client: HomeserverClient;
  }): Promise<WaitingLink | null> {
    const { fetch, log, introduction, now } = this.#options;
    const delegated = await readAuthorizationServer(client);
    const server = delegated && (await asLinkingServer(delegated, { fetch, log }));
    const { deviceId } = attempt;
    const startedAt = now();
    const begun = server && (await beginDeviceAuthorization(server, { fetch, introduction, deviceId }));
    if (server === null || begun === null) return null;
    await this.end(attempt.owner, attempt.side, "replaced");
    const { expiresInMs, ...authorization } = begun;
    const { baseUrl } = client;
    const link = {
      ...attempt,
      ...authorization,
      baseUrl,
      server,
      expiresAt: startedAt + expiresInMs,
      tokens: null,
    };
    await this.#waits.add(link);
    return this.#shown(link);
  }

  /**
   * Ends a link that waits; false when none does. Its code then leads to nothing, for nobody asks
   * what became of it.
   */
  async end(owner: string, side: Side, why: "cancelled" | "replaced"): Promise<boolean> {
    const { links, tell } = this.#options;
    const link = await links.get(owner, side);
    if (link === null) return false;
    // What is signed in already waits no longer, even if that is still to be told.
    const isOver = (await this.#accountOf(link)) !== null;
    if (!isOver) await tell(link, { kind: why });
    await links.remove(owner, side);
    if (!isOver && link.tokens !== null) await this.#discard(link);
    return !isOver;
  }

  /**
   * Takes a confirmed session if it is the right account's, else ends it. Null when its server
   * could not be asked.
   */
  async #accept(link: SignInLink): Promise<FinalNews | null> {
    const { accounts, links, refusedAsSame, accept } = this.#options;
    const { owner, side, userId, deviceId } = link;
    const stored = await links.get(owner, side);
    if (stored?.deviceId !== deviceId) return { kind: "cancelled" };
    // A crash came between the storing and the telling.
    const account = await this.#accountOf(link);
    if (account !== null)
      return {
        kind: "signed_in",
        account,
        other: await accounts.get(owner, otherSide(side)),
        replaced: null,
      };
    const refusal = await refusedAsSame(owner, side, userId);
    if (refusal !== null) return this.#refused(stored, refusal);
    // Whatever ends the session needs its newest tokens: at the server, older ones lead to nothing.
    let tokens = stored.tokens;
    try {
      tokens = await this.#freshTokens(stored);
      const outcome = await signInWithTokens(this.#client(link), { userId, tokens });
      if (outcome.kind === "signed_in") {
        const session = { ...outcome.session, deviceId };
        await nameDevice(this.#client(link, tokens), deviceId, this.#options.introduction.clientName);
        return { kind: "signed_in", ...(await accept(link, session)) };
      }
      const { problem } = outcome;
      const isPassing =
        problem.code === "unreachable" || problem.code === "server_trouble" || problem.code === "limited";
      return isPassing ? null : await this.#refused({ ...stored, tokens }, problem);
    } catch (error) {
      if (error instanceof UnreachableError) return null;
      if (error instanceof HomeserverError && (error.status >= 500 || error.status === 429)) return null;
      return this.#refused({ ...stored, tokens }, toRefusal(error));
    }
  }

  /** The account that is signed in through this very link. */
  async #accountOf({ owner, side, deviceId }: SignInLink): Promise<Account | null> {
    const account = await this.#options.accounts.get(owner, side);
    return account?.method === "link" && account.deviceId === deviceId ? account : null;
  }

  /** The homeserver may have been away for longer than the tokens live. */
  async #freshTokens(link: SignInLink): Promise<SessionTokens> {
    const { fetch, links, now } = this.#options;
    const { tokens } = link;
    if (tokens === null) throw new Error("a link was accepted before it was confirmed");
    if (tokens.renewal === undefined || !isDue(tokens.renewal, now())) return tokens;
    const next = await renewTokens(tokens.renewal, { client: this.#client(link), fetch, now });
    await links.update({ ...link, tokens: next });
    return next;
  }

  async #refused(link: SignInLink, refusal: AccountRefusal): Promise<FinalNews> {
    const isGone = await this.#discard(link);
    return { kind: "refusal", refusal, leftoverDeviceId: isGone ? null : link.deviceId };
  }

  /** Whether the session is certainly gone. */
  async #discard({ baseUrl, tokens }: SignInLink): Promise<boolean> {
    return tokens === null || (await endLinkedSession(baseUrl, tokens, this.#options)).kind === "gone";
  }

  #client({ baseUrl }: SignInLink, tokens?: SessionTokens): HomeserverClient {
    const { fetch, log } = this.#options;
    return new HomeserverClient({
      baseUrl,
      fetch,
      log,
      ...(tokens && { accessToken: () => tokens.accessToken }),
    });
  }

  #shown({ side, userId, verificationUri, userCode, expiresAt }: SignInLink): WaitingLink {
    const { introduction, now } = this.#options;
    return {
      side,
      userId,
      verificationUri,
      userCode,
      remainingMs: Math.max(0, expiresAt - now()),
      ...introduction,
    };
  }
}
