import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import { isJsonObject } from "../../api/json.ts";
import { objectAt, stateEventsOf } from "../../reading/raw-events.ts";
import { CHAT_MARKER } from "../../rooms/chat-marker.ts";
import type { StepSession } from "../../steps/define-step.ts";

const ENCRYPTION = {
  type: "m.room.encryption",
  state_key: "",
  content: { algorithm: "m.megolm.v1.aes-sha2" },
};

const CREATE = "m.room.create";
const createdSchema = z.object({ room_id: z.string() });
const syncSchema = z.object({ rooms: z.unknown().optional() });
/** Enough for accounts with thousands of rooms: only the events of creation are read. */
const SEARCH = { timeoutMs: 10 * 60_000, maxBytes: 64 * 1_048_576 };
/** Synapse answers an identical request from its cache, so the timeout varies. */
const TIMEOUT_SPREAD_MS = 1_000;

/**
 * Makes a room in which the account is alone. The partner is invited afterwards: a room that is
 * made with an invitation stays behind when the invitation is refused (platforms/matrix/README.md,
 * "New direct chats").
 * @param mark by which `findRoom` finds the room
 * @returns its ID
 */
export async function createRoom(
  session: StepSession,
  { mark, isEncrypted }: { mark: string; isEncrypted: boolean },
): Promise<string> {
  const { room_id: roomId } = await session.request({
    method: "POST",
    path: "/_matrix/client/v3/createRoom",
    body: {
      preset: "private_chat",
      creation_content: { [CHAT_MARKER]: mark },
      initial_state: isEncrypted ? [ENCRYPTION] : [],
    },
    schema: createdSchema,
  });
  return roomId;
}

/** The joined room that was made with this mark; `null` for none. */
export async function findRoom(session: StepSession, mark: string): Promise<string | null> {
  const answer = await session.request({
    method: "GET",
    path: "/_matrix/client/v3/sync",
    query: {
      filter: JSON.stringify({
        presence: { types: [] },
        account_data: { types: [] },
        room: {
          ephemeral: { types: [] },
          account_data: { types: [] },
          timeline: { limit: 1, types: [], not_types: ["*"] },
          state: { types: [CREATE] },
        },
      }),
      set_presence: "offline",
      timeout: Math.floor(Math.random() * TIMEOUT_SPREAD_MS),
    },
    schema: syncSchema,
    ...SEARCH,
  });
  const joined = Object.entries(objectAt(objectAt(answer, "rooms"), "join"));
  const found = joined.find(([, room]) => isMarked(room, session.userId, mark));
  return found === undefined ? null : found[0];
}

function isMarked(room: unknown, userId: string, mark: string): boolean {
  // A server that does not heed the filter sends the latest state in the timeline.
  const events = ["state", "timeline"].flatMap((part) => stateEventsOf(objectAt(room, part)["events"]));
  return events.some(
    ({ type, sender, content }) =>
      type === CREATE && sender === userId && isJsonObject(content) && content[CHAT_MARKER] === mark,
  );
}

/** The account leaves a room, and its server no longer lists the room. */
export async function leaveForGood(session: StepSession, roomId: string): Promise<void> {
  for (const action of ["leave", "forget"])
    await session.request({
      method: "POST",
      path: apiPath`/_matrix/client/v3/rooms/${roomId}/${action}`,
      body: {},
      schema: z.unknown(),
    });
}
