import type { Logger } from "pino";
import type { Account } from "../../../model/account.ts";
import type { GuardedFetch } from "../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import { DiscoveryError } from "../api/discovery-error.ts";
import { discoverHomeserver } from "../api/discovery.ts";
import { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { readAuthorizationServer } from "./oauth/authorization-server.ts";
import type { MatrixTokens } from "./session-renewal.ts";

/** After this time without an answer, the server may have another address. */
const AWAY_MS = 10 * 60_000;
/** How often the address of one account is looked up. */
const LOOK_UP_EVERY_MS = 3_600_000;

export interface NewAddressesOptions {
  fetch: GuardedFetch;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  monotonicNow: () => number;
  log: Logger;
}

/** Looks up the address of servers that do not answer for a longer time. */
export class NewAddresses {
  readonly #options: NewAddressesOptions;
  /** Times of the monotonic clock, by account. */
  readonly #awaySince = new Map<string, number>();
  readonly #lookedUpAt = new Map<string, number>();

  constructor(options: NewAddressesOptions) {
    this.#options = options;
  }

  answered(account: string): void {
    this.#awaySince.delete(account);
    if (!this.#wasLookedUp(account)) this.#lookedUpAt.delete(account);
  }

  /** The server of an account did not answer. @returns whether its address is to be looked up */
  failed(account: string): boolean {
    const now = this.#options.monotonicNow();
    const since = this.#awaySince.get(account) ?? now;
    this.#awaySince.set(account, since);
    if (now - since < AWAY_MS || this.#wasLookedUp(account)) return false;
    this.#lookedUpAt.set(account, now);
    return true;
  }

  #wasLookedUp(account: string): boolean {
    const at = this.#lookedUpAt.get(account);
    return at !== undefined && this.#options.monotonicNow() - at < LOOK_UP_EVERY_MS;
  }

  /**
   * The address to which a session may move: the configured one, otherwise the one in the
   * .well-known of the account's server name. The address that clients assume without a .well-known
   * does not count, nor does plain HTTP. The authorization server must be the one that issued the
   * tokens. No token is sent.
   * @returns `null` if there is no other address
   */
  async find({ userId, baseUrl }: Account, { renewal }: MatrixTokens): Promise<string | null> {
    const { fetch, servers, log } = this.#options;
    const serverName = serverNameOf(userId) ?? "";
    try {
      const found = await discoverHomeserver(serverName, { fetch, servers, log, mustBeStated: true });
      if (found.baseUrl === baseUrl) return null;
      const isSafe = found.isConfigured || found.baseUrl.startsWith("https://");
      const client = new HomeserverClient({ baseUrl: found.baseUrl, fetch, log });
      const issuer = (await readAuthorizationServer(client))?.issuer ?? null;
      const isSameIssuer = renewal?.kind !== "oauth" || renewal.server.issuer === issuer;
      if (isSafe && isSameIssuer) return found.baseUrl;
      log.warn({ serverName, isSafe, isSameIssuer }, "the new address of a server is not used");
      return null;
    } catch (error) {
      const isAnswer =
        error instanceof DiscoveryError ||
        error instanceof HomeserverError ||
        error instanceof UnreachableError;
      if (!isAnswer) throw error;
      log.info({ serverName, reason: error.message }, "a server that is away names no address");
      return null;
    }
  }
}
