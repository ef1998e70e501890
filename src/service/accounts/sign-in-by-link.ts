import type { Account, SessionTokens, Side } from "../../model/account.ts";
import { otherSide, sides } from "../../model/account.ts";
import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { SignInLink } from "../../model/sign-in-link.ts";
import type { AccountRefusal, Session, SignInServer } from "../../platforms/sign-in.ts";
import type { KnownHomeserver } from "../../store/authorization-servers.ts";
import { LinkWaits } from "./link-waits.ts";
import type { LinkNews, SignedIn, WaitingLink } from "./results.ts";
import type { SignInOptions } from "./sign-in-options.ts";

interface LinkSignInOptions extends SignInOptions {
  /** Runs the work for one person in order. */
  inTurn: <Result>(owner: string, work: () => Promise<Result>) => Promise<Result>;
  refusedAsSame: (owner: string, side: Side, userId: string) => Promise<AccountRefusal | null>;
  /** Stores a proven session. */
  accept: (link: SignInLink, session: Session) => Promise<SignedIn>;
}

type FinalNews = Exclude<LinkNews, { kind: "waiting" }>;

/**
 * Sign-in by OAuth 2.0 device authorization: the person confirms in a browser and types no secret
 * (platforms/matrix/README.md, "Sign-in by link").
 */
export class LinkSignIn {
  readonly #options: LinkSignInOptions;
  readonly #waits: LinkWaits;

  constructor(options: LinkSignInOptions) {
    this.#options = options;
    const { links, platform, now, monotonicNow, log, notify, inTurn } = options;
    this.#waits = new LinkWaits({
      links,
      signIn: platform.signIn,
      now,
      monotonicNow,
      log,
      notify,
      inTurn,
      accept: (link) => inTurn(link.owner, () => this.#accept(link)),
      discard: async (link) => {
        await this.#options.platform.signIn.discardLink(link);
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

  /** The link that the same message began before a crash repeated its command. */
  async begunBy(owner: string, side: Side, { eventId }: ConversationAddress): Promise<WaitingLink | null> {
    const link = await this.#options.links.get(owner, side);
    return link?.address.eventId === eventId ? this.#shown(link) : null;
  }

  /**
   * Requests a code and waits for its confirmation. Replaces a pending link for the same side.
   * @returns `null` if the server offers no link; a refusal if its page belongs to another server
   * @throws errors that the platform's `refusalOf` reads
   */
  async begin({
    server,
    ...attempt
  }: Pick<SignInLink, "owner" | "side" | "userId" | "deviceId" | "address"> & {
    server: SignInServer;
  }): Promise<WaitingLink | AccountRefusal | null> {
    const begun = await server.beginLink(attempt.deviceId);
    if (begun === null) return null;
    const link: SignInLink = { ...begun, ...attempt, baseUrl: server.baseUrl, tokens: null };
    const refusal = await this.#refusedAsOthers(link);
    if (refusal !== null) return refusal;
    await this.end(attempt.owner, attempt.side, "replaced");
    await this.#waits.add(link);
    return this.#shown(link);
  }

  /**
   * The refusal of a page that another homeserver is known to use, because the session would be
   * shown to the wrong server; `null` if there is none.
   * - A page in the domain of the account's server is always accepted.
   * - A completed sign-in shows which homeserver uses the page. If there is none yet, the person's
   *   other pending links count. Those of other people do not: anybody can begin a link at a server
   *   of their own that names the page.
   * - A homeserver is the same at a new address while its name is the same.
   */
  async #refusedAsOthers(link: SignInLink): Promise<AccountRefusal | null> {
    const { issuer, foreignHost = null, verificationUri: page } = link;
    if (issuer === undefined || foreignHost === null) return null;
    const completed = await this.#options.authorizationServers.homeserversOf(issuer);
    const users = completed.length > 0 ? completed : await this.#pendingBeside(link);
    const own = this.#homeserverOf(link);
    const [other] = users;
    const isKnown = users.some(
      ({ serverName, baseUrl }) => serverName === own.serverName || baseUrl === own.baseUrl,
    );
    if (other === undefined || isKnown) return null;
    return { code: "page_of_other_server", page, other: other.serverName };
  }

  /** The homeservers of the person's other pending links with the same authorization server. */
  async #pendingBeside({ owner, deviceId, issuer }: SignInLink): Promise<KnownHomeserver[]> {
    const pending = await Promise.all(sides.map((side) => this.#options.links.get(owner, side)));
    return pending
      .filter((link) => link !== null)
      .filter((link) => link.deviceId !== deviceId && link.issuer === issuer)
      .map((link) => this.#homeserverOf(link));
  }

  #homeserverOf({ userId, baseUrl }: SignInLink): KnownHomeserver {
    return { serverName: this.#options.platform.serverName(userId).toLowerCase(), baseUrl };
  }

  /** Whether a link waits for its person. */
  async isWaiting(owner: string, side: Side): Promise<boolean> {
    const link = await this.#options.links.get(owner, side);
    return link !== null && (await this.#accountOf(link)) === null;
  }

  /**
   * Ends a pending link. Its code then has no effect, because the bot no longer polls it.
   * @returns false if no link is pending
   */
  async end(owner: string, side: Side, why: "cancelled" | "replaced"): Promise<boolean> {
    const { links, notify } = this.#options;
    const link = await links.get(owner, side);
    if (link === null) {
      // An unreadable link is removed too, with its secrets.
      await links.remove(owner, side);
      return false;
    }
    // A link whose account is signed in is no longer pending, even if the person has not been
    // informed yet.
    const isOver = (await this.#accountOf(link)) !== null;
    if (!isOver) await notify(link, { kind: why });
    await links.remove(owner, side);
    if (!isOver && link.tokens !== null) await this.#options.platform.signIn.discardLink(link);
    return !isOver;
  }

  /**
   * Accepts a confirmed session if it belongs to the right account; otherwise ends it. Null if its
   * server could not be asked.
   */
  async #accept(link: SignInLink): Promise<FinalNews | null> {
    const { accounts, authorizationServers, links, platform, refusedAsSame, accept } = this.#options;
    const { signIn } = platform;
    const { owner, side, userId, deviceId } = link;
    const stored = await links.get(owner, side);
    if (stored?.deviceId !== deviceId) return { kind: "cancelled" };
    // A crash came after the account was stored and before the person was informed.
    const account = await this.#accountOf(link);
    if (account !== null)
      return {
        kind: "signed_in",
        account,
        other: await accounts.get(owner, otherSide(side)),
        replaced: null,
      };
    // Another homeserver may have turned out to use the page since the link began. The session must
    // not be shown to this one then.
    const refusal = (await refusedAsSame(owner, side, userId)) ?? (await this.#refusedAsOthers(stored));
    if (refusal !== null) return this.#refusal(link, refusal, await signIn.discardLink(stored));
    const keep = async (tokens: SessionTokens): Promise<void> => {
      await links.update({ ...stored, tokens });
    };
    const proof = await signIn.proveLink(stored, keep);
    switch (proof.kind) {
      case "signed_in": {
        const { issuer, foreignHost = null } = link;
        const proven = await refusedAsSame(owner, side, proof.session.userId);
        if (proven !== null) return this.#refusal(link, proven, await signIn.discardLink(stored));
        if (issuer !== undefined)
          await authorizationServers.add(issuer, this.#homeserverOf(link), { isOwn: foreignHost === null });
        return { kind: "signed_in", ...(await accept(link, proof.session)) };
      }
      case "away":
        return null;
      case "refused":
        return this.#refusal(link, proof.refusal, proof.isGone);
    }
  }

  /** The account that is signed in by this link. */
  async #accountOf({ owner, side, deviceId }: SignInLink): Promise<Account | null> {
    const account = await this.#options.accounts.get(owner, side);
    return account?.method === "link" && account.deviceId === deviceId ? account : null;
  }

  #refusal({ deviceId }: SignInLink, refusal: AccountRefusal, isGone: boolean): FinalNews {
    return { kind: "refusal", refusal, leftoverDeviceId: isGone ? null : deviceId };
  }

  #shown(link: SignInLink): WaitingLink {
    const { introduction, now } = this.#options;
    const { side, userId, verificationUri, userCode, expiresAt, foreignHost, address } = link;
    return {
      askedBy: address.roomKind === "direct" ? null : address.sender,
      side,
      userId,
      verificationUri,
      userCode,
      remainingMs: Math.max(0, expiresAt - now()),
      foreignHost: foreignHost ?? null,
      ...introduction,
    };
  }
}
