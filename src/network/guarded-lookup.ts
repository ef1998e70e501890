import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import type { AddressPolicy } from "./address-policy.ts";
import { toUnreachableError } from "./classify-failure.ts";
import { UnreachableError } from "./unreachable-error.ts";

/**
 * The addresses of a host name in the order in which they are tried. Rejects like Node's dns
 * module.
 */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** The schemes that the guarded fetch supports. */
export type Scheme = "http:" | "https:";

/**
 * Refuses a forbidden address that is written as the host. Sockets do not look such hosts up, so
 * the guarded lookup never sees them.
 * @param hostname as `URL.hostname` returns it: numbers normalised, IPv6 in brackets
 */
export function assertLiteralIsAllowed(hostname: string, scheme: Scheme, policy: AddressPolicy): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(address)) assertAllowed([address], hostname, scheme, policy);
}

/**
 * A lookup for sockets of one scheme that returns only permitted addresses. The socket connects to
 * exactly the address that was checked, so a name that changes its address in between has no effect
 * (DNS rebinding).
 */
export function createGuardedLookup(scheme: Scheme, policy: AddressPolicy, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolveAllowed(hostname, scheme, policy, resolve).then(
      (addresses) => {
        const found = addresses.map((address) => ({
          address,
          family: ipaddr.parse(address).kind() === "ipv4" ? 4 : 6,
        }));
        const first = found[0];
        if (options.all === true) callback(null, found);
        else if (first !== undefined) callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(toUnreachableError(error, hostname), "");
      },
    );
  };
}

async function resolveAllowed(
  hostname: string,
  scheme: Scheme,
  policy: AddressPolicy,
  resolve: Resolve,
): Promise<readonly string[]> {
  const addresses = isLocalhost(hostname) ? ["127.0.0.1", "::1"] : await resolve(hostname);
  if (addresses.length === 0) throw new UnreachableError("dns", hostname);
  return assertAllowed(addresses, hostname, scheme, policy);
}

/**
 * "localhost" and names below it are this machine, whatever a name server answers (RFC 6761,
 * section 6.3).
 */
function isLocalhost(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}

function assertAllowed(
  addresses: readonly string[],
  hostname: string,
  scheme: Scheme,
  policy: AddressPolicy,
): readonly string[] {
  const allowed = addresses.filter((address) => {
    const found = policy(address);
    return found === "listed" || (found === "public" && scheme === "https:");
  });
  if (allowed.length > 0) return allowed;
  const isPublic = addresses.some((address) => policy(address) === "public");
  throw new UnreachableError(isPublic ? "insecure" : "forbidden_address", hostname);
}
