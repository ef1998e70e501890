import type { Logger } from "pino";
import type { FindService } from "../../../network/find-service.ts";
import type { GuardedFetch } from "../../../network/guarded-fetch.ts";
import type { UnreachableReason } from "../../../network/unreachable-error.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { ServerProgress } from "../../reading.ts";
import { DiscoveryError } from "../api/discovery-error.ts";
import { discoverHomeserver } from "../api/discovery.ts";
import { isIpLiteral } from "../ids/server-host.ts";
import { parseServerName } from "../ids/server-name.ts";
import { concurrently } from "../reading/concurrently.ts";

export interface ServerHealthOptions {
  readonly fetch: GuardedFetch;
  readonly findService: FindService;
  /** Server name → client API address, instead of discovery. */
  readonly servers: Readonly<Record<string, string>>;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonicNow: () => number;
  readonly log: Logger;
}

interface ProbeOptions {
  readonly signal?: AbortSignal;
  /** Only servers that are asked now count. */
  readonly onProgress?: (progress: ServerProgress) => void;
}

/** The number of servers that one look probes. The others count as unknown. */
const MAX_PROBES = 300;
const MAX_PROBES_AT_ONCE = 32;
const TIMEOUT_MS = 5_000;
/** How long an answer, or a missing one, counts. */
const REMEMBERED_MS = 3_600_000;
/** The number of servers that are remembered. */
const MAX_REMEMBERED = 5_000;

/** Nothing is there: no name, no connection. */
const NOTHING_THERE: ReadonlySet<UnreachableReason> = new Set<UnreachableReason>([
  "dns",
  "refused",
  "timeout",
  "reset",
]);

/** Nobody could look up the name, so nobody knows whether it exists (getaddrinfo). */
const NO_RESOLVER: ReadonlySet<string> = new Set(["EAI_AGAIN", "EREFUSED"]);

/** `unknown`: the look said nothing, so it is repeated at the next occasion. */
type Health = "living" | "dead" | "unknown";

/** The default port of federation (SS §Resolving server names). */
const FEDERATION_PORT = 8448;
/** The services by which a name delegates its server; the second is the older name. */
const DELEGATIONS = ["_matrix-fed._tcp", "_matrix._tcp"];

/**
 * Whether homeservers still exist. A server is dead only if nothing of it answers: neither its name
 * over HTTPS, nor its port for federation, nor a configured address. A name with an SRV record for
 * federation has its server elsewhere, so it is not dead.
 */
export class ServerHealth {
  readonly #options: ServerHealthOptions;
  /** By name in lower case: names that differ in case are one server. */
  readonly #known = new Map<string, { readonly isDead: boolean; readonly until: number }>();

  constructor(options: ServerHealthOptions) {
    this.#options = options;
  }

  /** The dead servers among these. At most `MAX_PROBES` of them are asked, the first ones. */
  async deadAmong(
    serverNames: Iterable<string>,
    { signal, onProgress = () => undefined }: ProbeOptions = {},
  ): Promise<ReadonlySet<string>> {
    const names = [...new Set(serverNames)];
    const byName = new Map(names.map((name) => [name.toLowerCase(), name]));
    const unknown = [...byName.values()]
      .filter((name) => this.#remembered(name) === null)
      .slice(0, MAX_PROBES);
    let read = 0;
    await concurrently(unknown, MAX_PROBES_AT_ONCE, async (name) => {
      if (signal?.aborted === true) return;
      const found = await this.#healthOf(name, signal);
      if (found !== "unknown") this.#remember(name, found === "dead");
      read += 1;
      onProgress({ of: "servers", read, total: unknown.length });
    });
    return new Set(names.filter((name) => this.#remembered(name) === true));
  }

  /** The servers among these that were asked a short time ago, and lived. Nobody is asked. */
  livingAmong(serverNames: readonly string[]): ReadonlySet<string> {
    return new Set(serverNames.filter((name) => this.#remembered(name) === false));
  }

  /**
   * Whether a homeserver answers at the client API address of a server name. It is asked anew each
   * time, by one or two small requests.
   */
  async isAnswering(serverName: string, signal: AbortSignal): Promise<boolean> {
    const { fetch, servers, log } = this.#options;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(2 * TIMEOUT_MS)]);
    try {
      await discoverHomeserver(serverName, { fetch, servers, log, signal: limited });
      this.#remember(serverName, false);
      return true;
    } catch (error) {
      if (error instanceof DiscoveryError) return false;
      throw error;
    }
  }

  async #healthOf(serverName: string, signal?: AbortSignal): Promise<Health> {
    const parts = parseServerName(serverName);
    // Such a name belongs to no server that could be asked.
    if (parts === null) return "dead";
    const { servers } = this.#options;
    const configured = Object.entries(servers).find(
      ([name]) => name.toLowerCase() === serverName.toLowerCase(),
    )?.[1];
    const addresses =
      configured === undefined
        ? [`https://${parts.hostname}/`, `https://${parts.hostname}:${parts.port ?? FEDERATION_PORT}/`]
        : [configured];
    for (const address of addresses) {
      const found = await this.#healthAt(address, signal);
      if (found !== "dead") return found;
    }
    // A configured address replaces discovery. Nobody looks for records of the other two (SS
    // §Resolving server names).
    if (configured !== undefined || parts.port !== null || isIpLiteral(serverName)) return "dead";
    return await this.#delegated(parts.hostname, signal);
  }

  /** A record shows that somebody still cares for the name. Its target is not contacted. */
  async #delegated(hostname: string, signal?: AbortSignal): Promise<Health> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const limited = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const found = await Promise.all(
      DELEGATIONS.map((service) => this.#options.findService(`${service}.${hostname}`, limited)),
    );
    if (found.includes("offered")) return "living";
    return found.includes("unknown") ? "unknown" : "dead";
  }

  /** A refusal by rules of the bot says nothing about the server, so it counts as living. */
  async #healthAt(address: string, signal?: AbortSignal): Promise<Health> {
    try {
      await this.#options.fetch(address, {
        timeoutMs: TIMEOUT_MS,
        maxBytes: 65_536,
        ...(signal !== undefined && { signal }),
      });
      return "living";
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      const { reason, detail } = error;
      if (reason === "aborted" || (reason === "dns" && NO_RESOLVER.has(detail ?? ""))) return "unknown";
      return NOTHING_THERE.has(reason) ? "dead" : "living";
    }
  }

  #remembered(serverName: string): boolean | null {
    const known = this.#known.get(serverName.toLowerCase());
    return known === undefined || known.until <= this.#options.monotonicNow() ? null : known.isDead;
  }

  #remember(serverName: string, isDead: boolean): void {
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(serverName.toLowerCase(), {
      isDead,
      until: this.#options.monotonicNow() + REMEMBERED_MS,
    });
  }
}
