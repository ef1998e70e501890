import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { readContent } from "../account-data/step.ts";
import { apiPath } from "../../api/homeserver-client.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import { isEventId } from "../../ids/identifiers.ts";
import type { StepContext, StepFunction } from "../../steps/step-context.ts";
import { outcomeOf } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import type { StepSession } from "../../steps/step-session.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";

const readMarkerSchema = z.object({ roomId: z.string(), eventId: z.string() });
export type ReadMarkerPayload = z.output<typeof readMarkerSchema>;

const messagesSchema = z.object({ chunk: z.array(z.unknown()).nullish() });
const eventSchema = z.object({ event_id: z.string() });

/**
 * Synapse asks other servers for history, and waits for it, when it has less than that (seen with
 * 1.163; with a limit of one it answers at once).
 */
const EVENTS = 50;
const MAX_BYTES = 8 * 1_048_576;
/** What was asked for may come only after the answer, or much later on a busy server. */
const LOOKS = 3;
const PAUSE_MS = 500;

/**
 * Marks a room as read up to where the source has read it; markers only move forward, so nothing
 * can be undone.
 *
 * A server that has just joined does not know the event yet and refuses with 404 M_UNKNOWN, or 403
 * where it knows of it by name only. Asking for the event (`/context`) does not bring it, asking
 * for the room's newest messages does (seen with Synapse 1.163). Where it stays unknown on a later
 * try too, the oldest of those counts: what was read goes no further.
 */
export const runReadMarker: StepFunction = async (payload, context) => {
  const { roomId, eventId } = readMarkerSchema.parse(payload);
  const savedUndo = readMarkerSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const standing = context.canSkipCheck ? null : await markerOf(target, roomId);
    if (standing !== null) return { status: standing === savedUndo?.eventId ? "done" : "already_done" };
    if (context.isServerNew !== true && (await isMarked(roomId, eventId, context))) return { status: "done" };
    let oldest: string | null = null;
    for (let look = 0; look < LOOKS; look += 1) {
      // A stop is seen by the next request.
      if (look > 0) await sleep(PAUSE_MS, undefined, { signal: context.signal }).catch(() => undefined);
      oldest = await oldestOfNewest(target, roomId);
      if (await isMarked(roomId, eventId, context)) return { status: "done" };
    }
    if (context.mayHistoryCome === true)
      return { status: "wait", waitingFor: "room", waitMs: null, problem: null };
    if (oldest === null) return { status: "failed", problem: { code: "gone", serverText: null } };
    await mark(roomId, oldest, context);
    return { status: "done" };
  });
};

async function markerOf(target: StepSession, roomId: string): Promise<string | null> {
  const content = await readContent(target, { roomId, type: "m.fully_read" });
  const eventId = content?.["event_id"];
  return typeof eventId === "string" && isEventId(eventId) ? eventId : null;
}

/** False where the server does not have the event. */
async function isMarked(roomId: string, eventId: string, context: StepContext): Promise<boolean> {
  try {
    await mark(roomId, eventId, context);
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

async function mark(roomId: string, eventId: string, context: StepContext): Promise<void> {
  const { request } = sessionOf(context, "target");
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/read_markers`;
  const body = { "m.fully_read": eventId, "m.read.private": eventId };
  const undo: ReadMarkerPayload = { roomId, eventId };
  await writeWithUndo(context, { undo }, () => request({ method: "POST", path, body, schema: z.unknown() }));
}

/** Of what was said only the events' IDs are looked at. */
async function oldestOfNewest(target: StepSession, roomId: string): Promise<string | null> {
  const { chunk } = await target.request({
    method: "GET",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/messages`,
    query: { dir: "b", limit: EVENTS },
    schema: messagesSchema,
    maxBytes: MAX_BYTES,
  });
  const oldest = eventSchema.safeParse(chunk?.at(-1));
  return oldest.success && isEventId(oldest.data.event_id) ? oldest.data.event_id : null;
}
