import { z } from "zod";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { HomeserverError } from "../../../src/platforms/matrix/api/homeserver-error.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { canJoin } from "../servers/can-join.ts";

const anyAnswer = z.object({});
const joinedRoomsAnswer = z.object({ joined_rooms: z.array(z.string()) });

/** Joins like the bot, through the servers that the plan names. */
export function joinVia(person: PopulationSession, roomId: string, via: readonly string[]): Promise<void> {
  return postVia(person, apiPath`/_matrix/client/v3/join/${roomId}`, via);
}

export function knockVia(person: PopulationSession, roomId: string, via: readonly string[]): Promise<void> {
  return postVia(person, apiPath`/_matrix/client/v3/knock/${roomId}`, via);
}

async function postVia({ client }: PopulationSession, path: string, via: readonly string[]): Promise<void> {
  const query = { via, server_name: via };
  await client.request({ method: "POST", path, query, body: {}, schema: anyAnswer });
}

/** Whether an account that the room lets in can join it. The event gets time to arrive. */
export function canJoinVia(
  person: PopulationSession,
  roomId: string,
  via: readonly string[],
): Promise<boolean> {
  return canJoin(() => joinVia(person, roomId, via), isRefusal);
}

export async function joinedRooms({ client }: PopulationSession): Promise<string[]> {
  const path = "/_matrix/client/v3/joined_rooms";
  return (await client.request({ method: "GET", path, schema: joinedRoomsAnswer })).joined_rooms;
}

/** The content of a state event; `null` if there is none or the server refuses to show it. */
export async function stateOf<Schema extends z.ZodType>(
  { client }: PopulationSession,
  roomId: string,
  type: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  try {
    const path = apiPath`/_matrix/client/v3/rooms/${roomId}/state/${type}`;
    return await client.request({ method: "GET", path, schema });
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/**
 * Whether the server allows a request.
 * @throws any error that is not a refusal, since it does not answer the question
 */
export async function isAllowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

function isRefusal(error: unknown): error is HomeserverError {
  if (!(error instanceof HomeserverError)) return false;
  const { status, errcode, text, path } = error;
  // Synapse 1.163.2 answers 500 with this code to a local knock in a room version without knocks.
  if (errcode === "M_FORBIDDEN") return true;
  // Synapse's text if no server that it asked could authorize a restricted join or accept a knock.
  if (status === 502) return /make_(join|knock)/.test(text);
  // Synapse 1.163.2 answers 500 to an invitation into a room that its server is not in.
  return status < 500 || (status === 500 && path.endsWith("/invite"));
}
