import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * - `listed`: allowed, also over plain HTTP.
 * - `public`: allowed over HTTPS only.
 * - `forbidden`: not allowed.
 */
export type AddressClass = "public" | "listed" | "forbidden";

/** Classifies an IP address in text form. */
export type AddressPolicy = (address: string) => AddressClass;

/**
 * Global unicast: everything that IANA has assigned for the public internet (RFC 4291, section
 * 2.4).
 */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
/**
 * The well-known NAT64 prefix (RFC 6052). With it, a host without IPv4 reaches a public IPv4
 * address.
 */
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");
/**
 * Azure's platform address: public by number, but reachable only from inside. It gives credentials
 * to virtual machines.
 */
const AZURE_WIRE_SERVER = "168.63.129.16";

/**
 * Classifies addresses for the guard against server-side request forgery
 * (platforms/matrix/README.md, "Discovery and addresses").
 * @param allowPrivate CIDR ranges or single addresses that the operator permits besides public ones
 * @throws TypeError for an invalid range
 */
export function createAddressPolicy(allowPrivate: readonly string[]): AddressPolicy {
  const ranges = allowPrivate.map(parseRange);
  return (text) => {
    if (!ipaddr.isValid(text)) return "forbidden";
    // `process` turns an IPv4-mapped IPv6 address into the IPv4 address that the system would
    // connect to.
    const address = ipaddr.process(text);
    if (ranges.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits)))
      return "listed";
    return isPublic(address) ? "public" : "forbidden";
  };
}

function parseRange(text: string): [Address, number] {
  try {
    if (text.includes("/")) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  } catch {
    throw new TypeError(`not an address range: ${text}`);
  }
}

function isPublic(address: Address): boolean {
  if (address instanceof ipaddr.IPv4)
    return address.range() === "unicast" && address.toString() !== AZURE_WIRE_SERVER;
  if (address.match(NAT64)) return isPublic(ipaddr.fromByteArray(address.toByteArray().slice(12)));
  return address.match(GLOBAL_UNICAST) && address.range() === "unicast";
}
