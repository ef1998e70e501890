import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { readAccountData } from "../../api/account-data.ts";
import { apiPath } from "../../api/homeserver-client.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import { isEventId } from "../../ids/identifiers.ts";
import type { StepScope, StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import type { ReadMarker } from "./plan.ts";
import { READ_MARKER_TYPE, readMarkerSchema } from "./plan.ts";

const messagesSchema = z.object({ chunk: z.array(z.unknown()).nullish() });
const eventSchema = z.object({ event_id: z.string() });

/**
 * If Synapse has fewer events than this, it asks other servers for history and waits for it (seen
 * with 1.163; with a limit of one it answers at once).
 */
const EVENTS = 50;
const MAX_MESSAGES_BYTES = 8 * 1_048_576;
/** The history may arrive after the answer, or much later on a busy server. */
const LOOKS = 3;
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
 * - If a later try finds the event still unknown, the oldest of those messages is marked, so that
 *   no message counts as read that the source has not read.
 */
export const readMarkerStep = defineStep({
  payload: readMarkerSchema,
  undoRecord: readMarkerSchema,
  async run({ roomId, eventId }, scope) {
    const { target, savedUndo } = scope;
    const existing = scope.canSkipCheck ? null : await markerOf(target, roomId);
    if (existing !== null) return { status: existing === savedUndo?.eventId ? "done" : "already_done" };
    if (scope.isServerNew !== true && (await isMarked({ roomId, eventId }, scope))) return { status: "done" };
    let oldest: string | null = null;
    for (let look = 0; look < LOOKS; look += 1) {
      // The next request notices a stop.
      if (look > 0) await sleep(PAUSE_MS, undefined, { signal: scope.signal }).catch(() => undefined);
      oldest = await oldestOfNewest(target, roomId);
      if (await isMarked({ roomId, eventId }, scope)) return { status: "done" };
    }
    if (scope.mayHistoryCome === true)
      return { status: "wait", waitingFor: "room", waitMs: null, problem: null };
    if (oldest === null) return { status: "failed", problem: { code: "gone", serverText: null } };
    await mark({ roomId, eventId: oldest }, scope);
    return { status: "done" };
  },
  undo: null,
});

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

/** The oldest of a room's newest messages. Only the IDs of the events are read. */
async function oldestOfNewest(target: StepSession, roomId: string): Promise<string | null> {
  const { chunk } = await target.request({
    method: "GET",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/messages`,
    query: { dir: "b", limit: EVENTS },
    schema: messagesSchema,
    maxBytes: MAX_MESSAGES_BYTES,
  });
  const oldest = eventSchema.safeParse(chunk?.at(-1));
  return oldest.success && isEventId(oldest.data.event_id) ? oldest.data.event_id : null;
}
