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
