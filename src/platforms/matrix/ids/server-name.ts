import ipaddr from "ipaddr.js";

/**
 * The parts of a Matrix server name (Appendices §Server Name). `hostname` keeps the brackets of an
 * IPv6 literal, as URLs do.
 */
export interface ServerNameParts {
  readonly serverName: string;
  readonly hostname: string;
  readonly port: number | null;
}

const MAX_SERVER_NAME_LENGTH = 255;
const MAX_LABEL_LENGTH = 63;
const MAX_PORT = 65_535;

/**
 * Splits a server name; null if the grammar forbids it. The case is kept: server names are compared
 * as written.
 */
export function parseServerName(text: string): ServerNameParts | null {
  if (text.length === 0 || text.length > MAX_SERVER_NAME_LENGTH) return null;
  const match = /^(?<hostname>\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z.-]+)(?::(?<port>[0-9]{1,5}))?$/.exec(text);
  const hostname = match?.groups?.["hostname"];
  if (hostname === undefined || !isHostname(hostname)) return null;
  const portText = match?.groups?.["port"];
  if (portText === undefined) return { serverName: text, hostname, port: null };
  const port = Number(portText);
  // Port 0 fits the grammar, but nothing is reachable there.
  return port === 0 || port > MAX_PORT ? null : { serverName: text, hostname, port };
}

/** Whether a text is a valid server name. */
export function isServerName(text: string): boolean {
  return parseServerName(text) !== null;
}

function isHostname(hostname: string): boolean {
  if (hostname.startsWith("[")) return ipaddr.IPv6.isValid(hostname.slice(1, -1));
  const labels = hostname.split(".");
  if (labels.some((label) => label.length === 0 || label.length > MAX_LABEL_LENGTH)) return false;
  // Every URL parser reads a name that ends in a number as an IPv4 address (URL Standard, "ends in
  // a number checker"): "2130706433" would be 127.0.0.1. Only the dotted form is a Matrix server
  // name.
  const last = labels.at(-1) ?? "";
  if (/^(?:[0-9]+|0[xX][0-9A-Fa-f]*)$/.test(last)) return ipaddr.IPv4.isValidFourPartDecimal(hostname);
  return true;
}
