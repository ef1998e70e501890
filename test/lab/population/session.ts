import { pino } from "pino";
import { z } from "zod";
import type { GuardedFetch, GuardedRequest } from "../../../src/network/guarded-fetch.ts";
import { HomeserverClient, apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import type { Homeserver, PairSide } from "../homeservers/model.ts";
import type { PopulatedPerson } from "./model.ts";

/** A person with a session. */
export interface PopulationSession extends PopulatedPerson {
  readonly client: HomeserverClient;
  readonly serverName: string;
}

/** A state event to send. */
export interface NewState {
  readonly type: string;
  readonly stateKey?: string;
  readonly content: unknown;
}

const anyAnswer = z.object({});
const eventAnswer = z.object({ event_id: z.string() });
const roomAnswer = z.object({ room_id: z.string() });
const replacementAnswer = z.object({ replacement_room: z.string() });

/**
 * The people of a population wait longer than the bot does: a server that makes many rooms at once
 * on a busy machine answers late, and nobody would repeat the request.
 */
const PATIENCE_MS = 5 * 60_000;

/** Opens the session of a person of a population. The maker of `fetch` closes it. */
export function openPopulationSession(
  server: Homeserver,
  person: PopulatedPerson,
  fetch: GuardedFetch,
): PopulationSession {
  const log = pino({ level: "silent" });
  const patiently: GuardedFetch = Object.assign(
    (url: string, options?: GuardedRequest) => fetch(url, { timeoutMs: PATIENCE_MS, ...options }),
    { stream: fetch.stream, close: fetch.close },
  );
  const client = new HomeserverClient({
    baseUrl: server.baseUrl,
    fetch: patiently,
    log,
    accessToken: () => person.accessToken,
  });
  return { ...person, serverName: server.serverName, client };
}

/** Creates an account on one side. */
export async function register(
  server: Homeserver,
  side: PairSide,
  account: { localpart: string; displayName: string },
): Promise<PopulatedPerson> {
  const password = `${account.localpart}'s password`;
  const { userId, accessToken } = await server.registerUser({ ...account, password });
  return { userId, password, accessToken, displayName: account.displayName, side };
}

export async function createRoom(
  { client }: PopulationSession,
  body: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { room_id: roomId } = await client.request({
    method: "POST",
    path: "/_matrix/client/v3/createRoom",
    body,
    schema: roomAnswer,
  });
  return roomId;
}

/** @param via a server that is in the room */
export async function join({ client }: PopulationSession, roomId: string, via: string): Promise<void> {
  const path = apiPath`/_matrix/client/v3/join/${roomId}`;
  await client.request({
    method: "POST",
    path,
    query: { via, server_name: via },
    body: {},
    schema: anyAnswer,
  });
}

export async function knock({ client }: PopulationSession, roomId: string, via: string): Promise<void> {
  const path = apiPath`/_matrix/client/v3/knock/${roomId}`;
  await client.request({
    method: "POST",
    path,
    query: { via, server_name: via },
    body: { reason: "Moving here" },
    schema: anyAnswer,
  });
}

export async function leave({ client }: PopulationSession, roomId: string): Promise<void> {
  await client.request({
    method: "POST",
    path: apiPath`/_matrix/client/v3/rooms/${roomId}/leave`,
    body: {},
    schema: anyAnswer,
  });
}

/** Invites, bans, unbans or kicks. */
export async function changeMember(
  { client }: PopulationSession,
  action: "invite" | "ban" | "unban" | "kick",
  roomId: string,
  userId: string,
): Promise<void> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/${action}`;
  await client.request({ method: "POST", path, body: { user_id: userId }, schema: anyAnswer });
}

/** @returns the event's ID */
export async function setState(
  { client }: PopulationSession,
  roomId: string,
  state: NewState,
): Promise<string> {
  // An empty state key has no segment of its own.
  const key = state.stateKey === undefined ? "" : apiPath`/${state.stateKey}`;
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/state/${state.type}` + key;
  const { event_id: eventId } = await client.request({
    method: "PUT",
    path,
    body: state.content,
    schema: eventAnswer,
  });
  return eventId;
}

export async function send(
  { client }: PopulationSession,
  roomId: string,
  text: string,
  transactionId: string,
): Promise<string> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/send/m.room.message/${transactionId}`;
  const body = { msgtype: "m.text", body: text, "m.mentions": {} };
  const { event_id: eventId } = await client.request({ method: "PUT", path, body, schema: eventAnswer });
  return eventId;
}

export async function redact({ client }: PopulationSession, roomId: string, eventId: string): Promise<void> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/redact/${eventId}/once`;
  await client.request({ method: "PUT", path, body: {}, schema: anyAnswer });
}

/** @returns the replacement */
export async function upgrade(
  { client }: PopulationSession,
  roomId: string,
  version: string,
): Promise<string> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/upgrade`;
  const body = { new_version: version };
  const { replacement_room: replacement } = await client.request({
    method: "POST",
    path,
    body,
    schema: replacementAnswer,
  });
  return replacement;
}

/** Writes what has no answer: account data, tags, markers, push rules. */
export async function put({ client }: PopulationSession, path: string, body: unknown): Promise<void> {
  await client.request({ method: "PUT", path, body, schema: anyAnswer });
}

export async function post({ client }: PopulationSession, path: string, body: unknown): Promise<void> {
  await client.request({ method: "POST", path, body, schema: anyAnswer });
}
