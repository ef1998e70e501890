import type { MoveMeasured, SentRequest } from "./move-case.ts";
import { isWrite } from "./phases.ts";

/** Requests that must follow each other, and the units that must come first. */
export interface Unit {
  key: string;
  /** Keys of units. A key that is not in the list counts as done. */
  after: string[];
  requests: SentRequest[];
}

/** The room in a path, for the endpoints that steps use. */
const ROOM = /\/(?:rooms|join|knock)\/([^/?]+)/;
const ENTRY = /\/(?:join\/|knock\/|rooms\/[^/]+\/invite$)/;

/**
 * The fewest requests that do what a move did:
 * - every write that was accepted;
 * - one read before each write that changes only a part of something.
 *
 * Everything else is overhead of the bot: unneeded reads, refused tries, readings of the accounts.
 */
export function neededRequests({ moved, requests }: Pick<MoveMeasured, "moved" | "requests">): Unit[] {
  const inOrder = [...requests].sort((a, b) => a.sentAt - b.sentAt);
  const writes = inOrder.filter(
    (request) => isWrite(request) && request.status >= 200 && request.status < 300,
  );
  const restricted = moved.flatMap(({ steps }) => steps.filter(({ kind }) => kind === "join_restricted"));
  const through = new Map(restricted.map(({ roomId, needsRoom }) => [roomId, needsRoom]));
  const units = new Map<string, Unit>();
  for (const write of writes) {
    const roomId = roomOf(write.path);
    const key = keyOf(write, roomId);
    const unit = units.get(key) ?? {
      key,
      after: afterOf(key, write, roomId, through.get(roomId) ?? null),
      requests: [],
    };
    const before = lookBefore(write, inOrder, unit);
    unit.requests.push(...(before === null ? [] : [before]), write);
    units.set(key, unit);
  }
  return [...units.values()];
}

/**
 * A write that changes a part of something reads it first. A picture is downloaded before it is
 * uploaded.
 */
function lookBefore(
  { path, side, sentAt }: SentRequest,
  all: readonly SentRequest[],
  unit: Unit,
): SentRequest | null {
  const earlier = all.filter((request) => request.method === "GET" && request.sentAt < sentAt);
  const look = (fits: (request: SentRequest) => boolean): SentRequest | null =>
    earlier.findLast(fits) ?? null;
  if (path.includes("/media/")) return look((other) => other.path.includes("/media/download/"));
  const own = (isThere: (path: string) => boolean): SentRequest | null =>
    look((other) => other.side === side && isThere(other.path));
  if (path.includes("/pushrules/"))
    return unit.requests.length > 0 ? null : own((other) => other.endsWith("/pushrules/"));
  // A server that is new to a room has no history of it until it asks for some.
  if (path.endsWith("/read_markers"))
    return own((other) => other.startsWith(path.replace("/read_markers", "/messages?")));
  return /\/state\/|\/account_data\//.test(path) ? own((other) => other === path) : null;
}

function keyOf({ path, side, userId }: SentRequest, roomId: string | null): string {
  if (roomId !== null && ENTRY.test(path))
    return entryKey(roomId, path.endsWith("/invite") ? "invite" : "join");
  if (path.includes("/pushrules/")) return `pushrules ${userId}`;
  if (path.includes("/profile/") || path.includes("/media/")) return profileKey(userId);
  return `${side} ${userId} ${path}`;
}

function afterOf(
  key: string,
  { userId }: SentRequest,
  roomId: string | null,
  through: string | null,
): string[] {
  if (roomId === null || key === entryKey(roomId, "invite")) return [];
  if (key !== entryKey(roomId, "join")) return [entryKey(roomId, "join")];
  // A profile change after a join is written into every room.
  return [
    profileKey(userId),
    entryKey(roomId, "invite"),
    ...(through === null ? [] : [entryKey(through, "join")]),
  ];
}

function profileKey(userId: string): string {
  return `profile ${userId}`;
}

function entryKey(roomId: string, how: "invite" | "join"): string {
  return `${how} ${roomId}`;
}

/** The room that a request concerns. */
export function roomOf(path: string): string | null {
  const found = ROOM.exec(path)?.[1];
  return found === undefined ? null : decodeURIComponent(found);
}
