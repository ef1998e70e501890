import ipaddr from "ipaddr.js";

/** The addresses that `network.allowPrivate` lists. */
export type AddressRange = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address. Null for anything else. */
export function parseAddressRange(text: string): AddressRange | null {
  // Only the form with four numbers. ipaddr.js also accepts 127.1 and 0x7f.1, which nobody means in
  // a configuration.
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text))
    return ipaddr.parseCIDR(text);
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return [ipaddr.IPv4.parse(text), 32];
  if (ipaddr.IPv6.isValid(text)) return [ipaddr.IPv6.parse(text), 128];
  return null;
}

/**
 * Why the bot would refuse to contact a client API address; null if it may. Plain HTTP and
 * addresses that are not public need `network.allowPrivate`. Names are resolved only when they are
 * used, so only literal addresses and `localhost` are checked here.
 */
export function clientAddressFault(text: string, allowPrivate: readonly AddressRange[]): string | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return "must be an address that begins with https://";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  if (url.search !== "" || url.hash !== "") return "must not have a query or a fragment";
  const addresses = literalAddresses(url.hostname);
  const isAllowed = addresses.some((address) => isInRanges(address, allowPrivate));
  const howToAllow = "list it in network.allowPrivate to allow it";
  if (url.protocol === "http:" && !isAllowed) {
    return addresses.length === 0
      ? "must begin with https:// (plain HTTP is for addresses in network.allowPrivate)"
      : `is plain HTTP; ${howToAllow}`;
  }
  if (addresses.length > 0 && !isAllowed && addresses.every((address) => address.range() !== "unicast")) {
    return `is not a public address; ${howToAllow}`;
  }
  return null;
}

function literalAddresses(hostname: string): (ipaddr.IPv4 | ipaddr.IPv6)[] {
  if (hostname === "localhost") return [ipaddr.parse("127.0.0.1"), ipaddr.parse("::1")];
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  return ipaddr.isValid(bare) ? [ipaddr.process(bare)] : [];
}

function isInRanges(address: ipaddr.IPv4 | ipaddr.IPv6, ranges: readonly AddressRange[]): boolean {
  return ranges.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
}

/**
 * Reads `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464` or a port alone; without a host it is
 * loopback. Null for anything else.
 */
export function parseListenAddress(text: string): { host: string; port: number } | null {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):|:)?(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const host = match[1] ?? match[2] ?? "127.0.0.1";
  const port = Number(match[3]);
  if (port > 65_535 || (match[1] !== undefined && !ipaddr.IPv6.isValid(host))) return null;
  return { host, port };
}

/** Whether a listener on this host can be reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  return literalAddresses(host).some((address) => address.range() === "loopback");
}
