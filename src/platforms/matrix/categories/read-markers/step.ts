import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { StepOutcome } from "../../../../model/step-outcome.ts";
import { readAccountData } from "../../api/account-data.ts";
import { apiPath } from "../../api/homeserver-client.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import { isEventId } from "../../ids/identifiers.ts";
import type { StepScope, StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import type { ReadMarker } from "./plan.ts";
import { READ_MARKER_TYPE, readMarkerSchema } from "./plan.ts";

const messagesSchema = z.object({ chunk: z.array(z.unknown()).nullish(), end: z.string().nullish() });
const eventSchema = z.object({ event_id: z.string() });

/**
 * If Synapse has fewer events than this, it asks other servers for history and waits for it (seen
 * with 1.163; with a limit of one it answers at once).
 */
const EVENTS = 50;
/** The number of older messages in one request for history, and the number of requests. */
const EVENTS_PER_PAGE = 100;
const MAX_OLDER_PAGES = 10;
const MAX_MESSAGES_BYTES = 8 * 1_048_576;
/** The history may arrive after the answer, or much later on a busy server. */
const MAX_LOOKS = 3;
const PAUSE_MS = 500;

/**
 * Marks a room as read up to where the source has read it. Markers only move forward, so this
 * cannot be undone.
 *
 * A server that has just joined does not know the event yet (platforms/matrix/README.md, "Read
 * markers"; seen with Synapse 1.163):
 * - It refuses with 404 M_UNKNOWN, or with 403 if it knows only the event's ID.
 * - A request for the event (`/context`) does not bring the event; a request for the room's newest
 *   messages does.
 * - If a later try finds the event still unknown, older messages are requested until it is among
 *   them.
 * - If it is not, the oldest of these messages is marked, so that as few messages as possible count
 *   as read that the source has not read. Such messages exist only if the search ended before the
 *   history did. Then the step fails, so that the report names the room.
 */
export const readMarkerStep = defineStep({
  payload: readMarkerSchema,
  undoRecord: readMarkerSchema,
  run: markAsRead,
  undo: null,
});

async function markAsRead(
  { roomId, eventId }: ReadMarker,
  scope: StepScope<ReadMarker>,
): Promise<StepOutcome> {
  const { target, savedUndo } = scope;
  const existing = scope.canSkipCheck ? null : await markerOf(target, roomId);
  if (existing !== null) return { status: existing === savedUndo?.eventId ? "done" : "already_done" };
  if (scope.isServerNew !== true && (await isMarked({ roomId, eventId }, scope))) return { status: "done" };
  let newest: Messages | null = null;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    // A stop ends the sleep. The next request then throws.
    if (look > 0) await sleep(PAUSE_MS, undefined, { signal: scope.signal }).catch(() => undefined);
    newest = await messages(target, roomId, { limit: EVENTS, from: null });
    if (await isMarked({ roomId, eventId }, scope)) return { status: "done" };
  }
  if (scope.mayHistoryCome === true)
    return { status: "wait", waitingFor: "room", waitMs: null, problem: null };
  return await markInHistory({ roomId, eventId }, newest, scope);
}

/** Looks for the event among older messages, and marks it or the oldest of them. */
async function markInHistory(
  { roomId, eventId }: ReadMarker,
  newest: Messages | null,
  scope: StepScope<ReadMarker>,
): Promise<StepOutcome> {
  let oldest = newest?.eventIds.at(-1) ?? null;
  let from = newest?.end ?? null;
  let isCut = false;
  for (let page = 0; page < MAX_OLDER_PAGES && from !== null; page += 1) {
    const older: Messages = await messages(scope.target, roomId, { limit: EVENTS_PER_PAGE, from });
    oldest = older.eventIds.at(-1) ?? oldest;
    // The page is empty if the account may not see the history.
    isCut = older.eventIds.length > 0;
    from = older.end === from ? null : older.end;
    if (older.eventIds.includes(eventId) && (await isMarked({ roomId, eventId }, scope)))
      return { status: "done" };
  }
  if (oldest === null) return { status: "failed", problem: { code: "gone", serverText: null } };
  await mark({ roomId, eventId: oldest }, scope);
  return isCut && from !== null
    ? { status: "failed", problem: { code: "history_missing", serverText: null } }
    : { status: "done" };
}

async function markerOf(target: StepSession, roomId: string): Promise<string | null> {
  const content = await readAccountData(target, { roomId, type: READ_MARKER_TYPE });
  const eventId = content?.["event_id"];
  return typeof eventId === "string" && isEventId(eventId) ? eventId : null;
}

/** Tries to set the marker. @returns false if the server does not have the event */
async function isMarked(marker: ReadMarker, scope: StepScope<ReadMarker>): Promise<boolean> {
  try {
    await mark(marker, scope);
    return true;
  } catch (error) {
    if (error instanceof HomeserverError && isUnknownEvent(error)) return false;
    throw error;
  }
}

function isUnknownEvent({ status, errcode }: HomeserverError): boolean {
  return (
    (status === 404 && errcode !== "M_UNRECOGNIZED") ||
    (status === 403 && errcode === "M_FORBIDDEN") ||
    status === 400
  );
}

async function mark({ roomId, eventId }: ReadMarker, scope: StepScope<ReadMarker>): Promise<void> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/read_markers`;
  const body = { "m.fully_read": eventId, "m.read.private": eventId };
  await writeWithUndo(scope, { undo: { roomId, eventId } }, () =>
    scope.target.request({ method: "POST", path, body, schema: z.unknown() }),
  );
}

/** A part of a room's messages, newest first. */
interface Messages {
  readonly eventIds: readonly string[];
  /** The token of the next page of older messages; `null` if there is none. */
  readonly end: string | null;
}

/** Only the IDs of the events are read. */
async function messages(
  target: StepSession,
  roomId: string,
  { limit, from }: { limit: number; from: string | null },
): Promise<Messages> {
  const { chunk, end } = await target.request({
    method: "GET",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/messages`,
    query: { dir: "b", limit, ...(from !== null && { from }) },
    schema: messagesSchema,
    maxBytes: MAX_MESSAGES_BYTES,
  });
  const eventIds = (chunk ?? []).flatMap((event) => {
    const read = eventSchema.safeParse(event);
    return read.success && isEventId(read.data.event_id) ? [read.data.event_id] : [];
  });
  return { eventIds, end: end ?? null };
}
