import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Homeserver, RegisteredUser } from "../../lab/homeservers/pair.ts";

/** A signed-in person with the actions that these tests need. */
export interface Person {
  readonly userId: string;
  createRoom(invited: string): Promise<string>;
  join(roomId: string, via: string): Promise<void>;
  send(roomId: string, text: string): Promise<string>;
  /** Asks for an event until the server has it. */
  untilEvent(roomId: string, eventId: string): Promise<string>;
  /** Waits for an invitation to the room. */
  untilInvited(roomId: string): Promise<void>;
}

const roomAnswer = z.object({ room_id: z.string() });
const sentAnswer = z.object({ event_id: z.string() });
const eventAnswer = z.object({ content: z.object({ body: z.string() }) });
const syncAnswer = z.object({
  next_batch: z.string(),
  rooms: z.object({ invite: z.record(z.string(), z.unknown()).optional() }).optional(),
});

/** Registers a person on a server. */
export async function person(server: Homeserver, localpart: string): Promise<Person> {
  return asPerson(server, await server.registerUser({ localpart, password: `${localpart}'s password` }));
}

/** The person of a session that exists already. */
export function asPerson(server: Homeserver, { userId, accessToken }: RegisteredUser): Person {
  async function call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${server.baseUrl}/_matrix/client/v3${path}`, {
      method,
      headers: { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  async function done(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await call(method, path, body);
    if (answer.status !== 200)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  return {
    userId,
    async createRoom(invited) {
      return roomAnswer.parse(
        await done("POST", "/createRoom", { preset: "private_chat", invite: [invited] }),
      ).room_id;
    },
    async join(roomId, via) {
      await done("POST", `/join/${encodeURIComponent(roomId)}?via=${encodeURIComponent(via)}`, {});
    },
    async send(roomId, text) {
      const path = `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${randomUUID()}`;
      return sentAnswer.parse(await done("PUT", path, { msgtype: "m.text", body: text })).event_id;
    },
    async untilEvent(roomId, eventId) {
      for (let since: string | undefined; ;) {
        const answer = await call(
          "GET",
          `/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(eventId)}`,
        );
        if (answer.status === 200) return eventAnswer.parse(answer.body).content.body;
        since = syncAnswer.parse(await done("GET", syncPath(since))).next_batch;
      }
    },
    async untilInvited(roomId) {
      for (let since: string | undefined; ;) {
        const sync = syncAnswer.parse(await done("GET", syncPath(since)));
        if (sync.rooms?.invite?.[roomId] !== undefined) return;
        since = sync.next_batch;
      }
    },
  };
}

// A long poll returns when an event arrives. So nothing here waits by the clock.
function syncPath(since: string | undefined): string {
  return since === undefined ? "/sync?timeout=0" : `/sync?timeout=2000&since=${encodeURIComponent(since)}`;
}
