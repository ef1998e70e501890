import { isEventId, parseRoomAlias, parseRoomId, parseUserId } from "./identifiers.ts";
import { isServerName } from "./server-name.ts";

/** The destination of a matrix.to or matrix: link. `via` are servers that know the room. */
export type MatrixLink =
  | { readonly kind: "user"; readonly userId: string }
  | { readonly kind: "room"; readonly roomId: string; readonly via: readonly string[] }
  | { readonly kind: "alias"; readonly alias: string; readonly via: readonly string[] }
  | {
      readonly kind: "event";
      readonly roomIdOrAlias: string;
      readonly eventId: string;
      readonly via: readonly string[];
    };

/**
 * Longer than any link with two identifiers and a few servers. The limit keeps pasted junk cheap.
 */
const MAX_LINK_LENGTH = 4_096;

const SIGILS: Readonly<Record<string, string>> = { u: "@", user: "@", r: "#", room: "#", roomid: "!" };

/**
 * Reads a matrix.to link or a matrix: URI (Appendices §Uniform Resource Identifiers); null for
 * anything else.
 */
export function parseMatrixLink(text: string): MatrixLink | null {
  if (text.length > MAX_LINK_LENGTH) return null;
  const matrixTo = /^https?:\/\/(?:www\.)?matrix\.to\/#\/(?<path>[^?]*)(?:\?(?<query>.*))?$/is.exec(text);
  if (matrixTo !== null)
    return readMatrixTo(matrixTo.groups?.["path"] ?? "", readVia(matrixTo.groups?.["query"]));
  const uri = /^matrix:(?:\/\/[^/]*\/)?(?<path>[^?#]*)(?:\?(?<query>[^#]*))?(?:#.*)?$/is.exec(text);
  if (uri !== null) return readMatrixUri(uri.groups?.["path"] ?? "", readVia(uri.groups?.["query"]));
  return null;
}

function readMatrixTo(path: string, via: readonly string[]): MatrixLink | null {
  const trimmed = path.replace(/\/$/, "");
  const whole = decode(trimmed);
  // The localpart of a user ID may hold a slash, and some clients do not encode it.
  if (whole?.startsWith("@") === true) return toLink(whole, null, via);
  const slash = trimmed.indexOf("/");
  if (slash === -1) return toLink(whole, null, via);
  // Event IDs of room version 3 are plain base64 and may hold a slash.
  return toLink(decode(trimmed.slice(0, slash)), decode(trimmed.slice(slash + 1)) ?? "", via);
}

function readMatrixUri(path: string, via: readonly string[]): MatrixLink | null {
  const [type, id, eventType, ...event] = path.replace(/\/$/, "").split("/");
  const sigil = Object.hasOwn(SIGILS, type ?? "") ? SIGILS[type ?? ""] : undefined;
  const identifier = decode(id ?? "");
  if (sigil === undefined || identifier === null) return null;
  if (eventType === undefined) return toLink(sigil + identifier, null, via);
  if (eventType !== "e" && eventType !== "event") return null;
  return toLink(sigil + identifier, `$${decode(event.join("/")) ?? ""}`, via);
}

function toLink(
  identifier: string | null,
  eventId: string | null,
  via: readonly string[],
): MatrixLink | null {
  if (identifier === null) return null;
  if (eventId === null && parseUserId(identifier) !== null) return { kind: "user", userId: identifier };
  const isRoomId = parseRoomId(identifier) !== null;
  if (!isRoomId && parseRoomAlias(identifier) === null) return null;
  if (eventId !== null)
    return isEventId(eventId) ? { kind: "event", roomIdOrAlias: identifier, eventId, via } : null;
  return isRoomId ? { kind: "room", roomId: identifier, via } : { kind: "alias", alias: identifier, via };
}

function readVia(query: string | undefined): readonly string[] {
  const names = new URLSearchParams(query ?? "").getAll("via").filter((name) => isServerName(name));
  return [...new Set(names)];
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
