import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { apiPath } from "../api/homeserver-client.ts";
import { unlessAbsent } from "../api/homeserver-error.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject, isTooComplex, textOrNull } from "../api/json.ts";
import type { RoomProfile } from "../reading/account-reading.ts";
import type { StepSession } from "./define-step.ts";

/**
 * Keys of a member event that describe how its user joined (CS §m.room.member). They belong to that
 * one event. Servers refuse a later event that repeats `join_authorised_via_users_server`.
 */
const ENTRY_KEYS: ReadonlySet<string> = new Set([
  "join_authorised_via_users_server",
  "third_party_invite",
  "is_direct",
  "reason",
]);

/** An account's own member event; `null` if it is not joined. */
export async function readOwnMember(session: StepSession, roomId: string): Promise<JsonObject | null> {
  const path = memberPath(session, roomId);
  const content = await unlessAbsent(session.request({ method: "GET", path, schema: z.unknown() }));
  return isJsonObject(content) && content["membership"] === "join" && !isTooComplex(content) ? content : null;
}

/**
 * How often a step looks, in one try, whether a server has written a changed profile into a room,
 * and the time between two looks. Most servers do it within seconds.
 */
const MAX_LOOKS = 4;
const PAUSE_MS = 500;
/** The number of such tries. A room that is unchanged after the last one stays as it is. */
export const MAX_SPREAD_TRIES = 3;

/**
 * An account's own member event, as soon as a changed profile has reached it, or after some looks;
 * `null` if the account is not joined.
 * @param signal ends the waiting; the next request then throws
 */
export async function ownMemberOnce(
  session: StepSession,
  roomId: string,
  { isReached, signal }: { isReached: (member: JsonObject) => boolean; signal: AbortSignal },
): Promise<JsonObject | null> {
  for (let look = 1; ; look += 1) {
    const member = await readOwnMember(session, roomId);
    if (member === null || isReached(member) || look === MAX_LOOKS) return member;
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Writes an account's own member event.
 * @param content as `readOwnMember` returned it, with changes. `membership` is `join`, so the
 * account must still be joined.
 */
export async function writeOwnMember(
  session: StepSession,
  roomId: string,
  content: JsonObject,
): Promise<void> {
  const body = Object.fromEntries(Object.entries(content).filter(([key]) => !ENTRY_KEYS.has(key)));
  await session.request({ method: "PUT", path: memberPath(session, roomId), body, schema: z.unknown() });
}

/** The name and the picture in a member event. */
export function profileOfMember(member: JsonObject): RoomProfile {
  return { displayName: textOrNull(member["displayname"]), avatarUrl: textOrNull(member["avatar_url"]) };
}

function memberPath({ userId }: StepSession, roomId: string): string {
  return apiPath`/_matrix/client/v3/rooms/${roomId}/state/m.room.member/${userId}`;
}
