/**
 * The text after the first colon of a user ID, unchecked. It serves to compare servers in lists
 * from other people, which may be long. A server that is contacted or named in `via` comes from
 * `serverNameOf` (identifiers.ts).
 */
export function serverPartOf(userId: string): string {
  const colon = userId.indexOf(":");
  return colon === -1 ? "" : userId.slice(colon + 1);
}

/**
 * The host of a server name in lower case, without the port. An IPv6 address keeps its brackets.
 */
export function hostOf(serverName: string): string {
  return serverName.replace(/:\d{1,5}$/, "").toLowerCase();
}

/**
 * Whether a server name is an IPv4 address or a bracketed IPv6 address, with or without a port
 * (Appendices §Server Name).
 */
export function isIpLiteral(serverName: string): boolean {
  const host = hostOf(serverName);
  return host.startsWith("[") || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether two server names are the same server. Host names ignore case; ports are compared. */
export function isSameServer(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
