import { Resolver, lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { parse } from "tldts";

/** How long one name server is waited for, and how often it is asked. */
const NAME_SERVER = { timeout: 4_000, tries: 2 };

/** A name server that was reached has no address, or none was reached at all. */
const NO_ADDRESS: ReadonlySet<unknown> = new Set([
  "ENOTFOUND",
  "ENODATA",
  "ESERVFAIL",
  "EREFUSED",
  "ECONNREFUSED",
]);

/** The parts of the system that resolve names. They reject like Node's dns module. */
export interface SystemNames {
  /** The content of the file of hosts. */
  readHosts: () => Promise<string>;
  /** The system's name servers. They are asked for exactly the name. */
  resolver: () => Record<"resolve4" | "resolve6", (hostname: string) => Promise<readonly string[]>>;
  /** The addresses that the C library finds. It knows all sources of the system. */
  getaddrinfo: (hostname: string) => Promise<readonly { readonly address: string }[]>;
}

const systemNames: SystemNames = {
  readHosts: () => readFile("/etc/hosts", "utf8"),
  resolver: () => new Resolver(NAME_SERVER),
  getaddrinfo: (hostname) => lookup(hostname, { all: true }),
};

/**
 * The addresses of a host name, from the file of hosts and the system's name servers. Rejects like
 * Node's dns module.
 *
 * `getaddrinfo` cannot be stopped and runs in four threads. A few names whose name servers never
 * answer would hold up all other names. Only it knows the search list of resolv.conf(5), with which
 * containers find each other by short names. So it is asked for local names alone: no stranger has
 * a name server for them.
 */
export async function resolveBySystem(
  hostname: string,
  { readHosts, resolver, getaddrinfo }: SystemNames = systemNames,
): Promise<readonly string[]> {
  const listed = addressesInHosts(await readHosts().catch(() => ""), hostname);
  if (listed.length > 0) return listed;
  const nameServers = resolver();
  const found = await Promise.allSettled([nameServers.resolve4(hostname), nameServers.resolve6(hostname)]);
  const addresses = found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  if (addresses.length > 0) return addresses;
  const failures = found
    .filter((result) => result.status === "rejected")
    .map((result): unknown => result.reason);
  if (isLocal(hostname) && failures.every((failure) => NO_ADDRESS.has(codeOf(failure))))
    return (await getaddrinfo(hostname)).map(({ address }) => address);
  if (failures.length > 0) throw failures[0];
  return [];
}

/** The addresses of a name in a file of hosts (hosts(5)). */
export function addressesInHosts(file: string, hostname: string): string[] {
  return file.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*/u, "").trim().split(/\s+/u);
    return names.some((name) => name.toLowerCase() === hostname.toLowerCase()) ? [address] : [];
  });
}

/** Whether the public domain name system has no such top-level domain (publicsuffix.org, ICANN). */
function isLocal(hostname: string): boolean {
  return parse(hostname, { allowPrivateDomains: false }).isIcann === false;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
