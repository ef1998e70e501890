import { isServerName } from "./server-name.ts";

/**
 * A user ID in its parts. `isHistorical`: servers must accept the localpart, but may no longer
 * create users with it.
 */
export interface UserIdParts {
  readonly userId: string;
  readonly localpart: string;
  readonly serverName: string;
  readonly isHistorical: boolean;
}

/**
 * A room ID in its parts. `serverName` is null from room version 12 on (MSC4291): the ID is then a
 * hash.
 */
export interface RoomIdParts {
  readonly roomId: string;
  readonly serverName: string | null;
}

export interface RoomAliasParts {
  readonly alias: string;
  readonly localpart: string;
  readonly serverName: string;
}

/**
 * The limit for every Matrix identifier, with sigil and server name (Appendices §Common Identifier
 * Format).
 */
const MAX_IDENTIFIER_BYTES = 255;

/**
 * Reads a user ID.
 * - The localpart may be a historical one: any character but ":" and NUL, or empty (Appendices
 *   §Historical User IDs).
 * - The server name must fit the grammar, because it will be contacted.
 */
export function parseUserId(text: string): UserIdParts | null {
  const parts = splitIdentifier(text, "@");
  if (parts === null) return null;
  return { userId: text, ...parts, isHistorical: !/^[a-z0-9._=/+-]+$/.test(parts.localpart) };
}

/** The server name of a user ID; null if the text is not a user ID. */
export function serverNameOf(userId: string): string | null {
  return parseUserId(userId)?.serverName ?? null;
}

/**
 * Reads a room ID that a person typed: "!opaque:server", or "!hash" from room version 12 on. White
 * space and control characters are refused: no server creates them. Room IDs that come from servers
 * are opaque and are not parsed.
 */
export function parseRoomId(text: string): RoomIdParts | null {
  if (!text.startsWith("!") || text.length < 2 || !isShortWellFormed(text) || hasSpaceOrControl(text))
    return null;
  const colon = text.indexOf(":");
  if (colon === -1) return { roomId: text, serverName: null };
  const serverName = text.slice(colon + 1);
  return colon > 1 && isServerName(serverName) ? { roomId: text, serverName } : null;
}

/** Reads a room alias, "#localpart:server". */
export function parseRoomAlias(text: string): RoomAliasParts | null {
  const parts = splitIdentifier(text, "#");
  if (parts === null || parts.localpart === "" || hasSpaceOrControl(text)) return null;
  return { alias: text, ...parts };
}

/** Whether a text can be an event ID. From room version 3 on event IDs have no server part. */
export function isEventId(text: string): boolean {
  return text.startsWith("$") && text.length > 1 && isShortWellFormed(text) && !hasSpaceOrControl(text);
}

function splitIdentifier(text: string, sigil: string): { localpart: string; serverName: string } | null {
  if (!text.startsWith(sigil) || !isShortWellFormed(text)) return null;
  // The first colon ends the localpart; later ones belong to an IPv6 literal or a port.
  const colon = text.indexOf(":");
  if (colon === -1) return null;
  const localpart = text.slice(1, colon);
  const serverName = text.slice(colon + 1);
  return localpart.includes("\0") || !isServerName(serverName) ? null : { localpart, serverName };
}

function isShortWellFormed(text: string): boolean {
  return text.isWellFormed() && new TextEncoder().encode(text).length <= MAX_IDENTIFIER_BYTES;
}

function hasSpaceOrControl(text: string): boolean {
  return /[\s\p{Cc}]/u.test(text);
}
