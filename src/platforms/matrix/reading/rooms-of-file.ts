import { z } from "zod";
import type { ReadProgress } from "../../reading.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { roomFromSummary } from "../rooms/room-summary.ts";
import { valueOf } from "../rooms/state-read.ts";
import type { AccountSnapshot, RoomFromFile, RoomSnapshot } from "../rooms/types.ts";
import { concurrently } from "./concurrently.ts";
import { FailureBudget } from "./failure-budget.ts";
import { askingOthers } from "./others-answers.ts";
import type { RoomToFind } from "./outside-room.ts";
import { readOutsideRoom } from "./outside-room.ts";
import type { Reader } from "./reader.ts";
import type { LooksOfAccount } from "./recent-looks.ts";
import { isFailedRead } from "./unless-unreadable.ts";

/** Other servers answer these requests, each as slowly as it does. */
const MAX_LOOKS_AT_ONCE = 8;
/**
 * The number of time-outs after which no further room is looked at. The run then tries the other
 * rooms.
 */
const MAX_TIMEOUTS = 100;
const MAX_SPACES = 50;
/** A page has at most 50 rooms at Synapse. */
const MAX_PAGES = 20;
const PAGE_SIZE = 50;
const HIERARCHY_TIMEOUT_MS = 20_000;
const MAX_PAGE_BYTES = 8 * 1_048_576;

const hierarchySchema = z.object({
  rooms: z.array(z.unknown()).nullish().catch(undefined),
  next_batch: z.string().nullish().catch(undefined),
});

export interface RoomsToLookAt {
  readonly target: { readonly userId: string; readonly reader: Reader };
  readonly source: AccountSnapshot;
  /** What the target's server showed of its own rooms. */
  readonly targetRooms: ReadonlyMap<string, RoomSnapshot>;
  /** What was seen of them a short time ago. */
  readonly looks: Pick<LooksOfAccount, "get" | "set">;
  readonly onProgress: (progress: ReadProgress) => void;
}

/**
 * What the target's server shows of rooms that it may not be in: by their summaries (CS v1.15,
 * MSC3266), and by the spaces that the target may see (CS §Spaces). A room that is missing from the
 * result is not shown.
 * @throws HomeserverError, UnreachableError if the target's server itself fails
 */
export async function lookAtRoomsOfFile(
  rooms: readonly RoomToFind[],
  { target, source, targetRooms, looks, onProgress }: RoomsToLookAt,
): Promise<ReadonlyMap<string, RoomSnapshot>> {
  const { reader, userId } = target;
  const shown = new Map<string, RoomSnapshot>();
  const { log } = reader;
  const summaryFailures = new FailureBudget(MAX_TIMEOUTS);
  const serverName = serverNameOf(userId) ?? "";
  const unknown = rooms.filter(({ roomId }) => looks.get(roomId) === undefined);
  for (const { roomId } of rooms) {
    const seen = looks.get(roomId) ?? null;
    if (seen !== null) shown.set(roomId, seen);
  }
  let read = 0;
  await askingOthers(reader, ({ request }) =>
    concurrently(unknown, MAX_LOOKS_AT_ONCE, async (room) => {
      const seen = await readOutsideRoom({ request, log, summaryFailures }, room, source, userId);
      if (seen !== null) shown.set(room.roomId, seen);
      read += 1;
      onProgress({ of: "file", serverName, read, total: unknown.length });
    }),
  );
  const missing = new Set(unknown.map(({ roomId }) => roomId).filter((roomId) => !shown.has(roomId)));
  for (const spaceId of spacesWith(missing, shown, targetRooms)) {
    if (missing.size === 0) break;
    for (const room of await roomsOfSpace(spaceId, reader, "children")) {
      const roomId = textOrNull(room["room_id"]);
      if (roomId === null || !missing.delete(roomId)) continue;
      shown.set(roomId, roomFromSummary(roomId, room, source, userId));
    }
  }
  for (const { roomId } of unknown) looks.set(roomId, shown.get(roomId) ?? null);
  return shown;
}

/** Spaces that may show missing rooms: those of the target, and those seen from outside. */
function spacesWith(
  missing: ReadonlySet<string>,
  shown: ReadonlyMap<string, RoomSnapshot>,
  targetRooms: ReadonlyMap<string, RoomSnapshot>,
): string[] {
  if (missing.size === 0) return [];
  const joined = [...targetRooms.values()].filter(
    ({ membership, spaceChildren }) =>
      membership === "join" && spaceChildren.some((roomId) => missing.has(roomId)),
  );
  const seen = [...shown.values()].filter(({ create }) => valueOf(create)?.type === "m.space");
  return [...joined, ...seen].slice(0, MAX_SPACES).map(({ roomId }) => roomId);
}

/**
 * The rooms of a space, as its server lists them: itself, and its children or everything below it;
 * none if the server does not show it.
 * @throws HomeserverError, UnreachableError if the account's own server fails
 */
export function roomsOfSpace(
  spaceId: string,
  reader: Pick<Reader, "request">,
  depth: "children" | "whole",
): Promise<Record<string, unknown>[]> {
  return askingOthers(reader, (asking) => pagesOfSpace(spaceId, asking, depth));
}

async function pagesOfSpace(
  spaceId: string,
  { request: ask }: Pick<Reader, "request">,
  depth: "children" | "whole",
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let from: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const request = {
      method: "GET",
      path: apiPath`/_matrix/client/v1/rooms/${spaceId}/hierarchy`,
      query: { limit: PAGE_SIZE, ...(depth === "children" && { max_depth: 1 }), from },
      schema: hierarchySchema,
      isRelayed: true,
      timeoutMs: HIERARCHY_TIMEOUT_MS,
      maxBytes: MAX_PAGE_BYTES,
    } as const;
    try {
      const answer = await ask(request);
      found.push(...(answer.rooms ?? []).filter(isJsonObject));
      const next = answer.next_batch ?? null;
      if (next === null || next === from) return found;
      from = next;
    } catch (error) {
      if (!isFailedRead(error)) throw error;
      return found;
    }
  }
  return found;
}

/**
 * The account with what the target's server showed. That is newer than the file. Where it says
 * nothing, the file counts.
 */
export function withLooks(
  snapshot: AccountSnapshot,
  asked: readonly string[],
  shown: ReadonlyMap<string, RoomSnapshot>,
): AccountSnapshot {
  const rooms = new Map(snapshot.rooms);
  for (const roomId of asked) {
    const room = rooms.get(roomId);
    if (room === undefined || room.fromFile === null) continue;
    const seen = shown.get(roomId);
    rooms.set(
      roomId,
      seen === undefined
        ? asShown(room, room.fromFile, false)
        : asShown(merged(room, seen), room.fromFile, true),
    );
  }
  return { ...snapshot, rooms };
}

function asShown(room: RoomSnapshot, fromFile: RoomFromFile, isShown: boolean): RoomSnapshot {
  return { ...room, fromFile: { ...fromFile, isShown } };
}

function merged(room: RoomSnapshot, seen: RoomSnapshot): RoomSnapshot {
  return {
    ...room,
    create: seen.create.kind === "unread" ? room.create : seen.create,
    // A server that shows the room and leaves out its rule means the default (CS §room_summary).
    joinRules: seen.joinRules.kind === "unread" ? room.joinRules : seen.joinRules,
    encryption: seen.encryption.kind === "present" ? seen.encryption : room.encryption,
    name: seen.name.kind === "present" ? seen.name : room.name,
    canonicalAlias: seen.canonicalAlias.kind === "present" ? seen.canonicalAlias : room.canonicalAlias,
    joinedCount: seen.joinedCount ?? room.joinedCount,
  };
}
