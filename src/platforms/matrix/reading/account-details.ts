import { z } from "zod";
import { apiPath } from "../api/homeserver-client.ts";
import { unlessAbsent, unlessUnrecognized } from "../api/homeserver-error.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject, textOrNull } from "../api/json.ts";
import type { Capabilities, Profile, ProfileFieldRules } from "./account-reading.ts";
import { objectAt } from "./raw-events.ts";
import type { Reader } from "./reader.ts";

const objectSchema = z.record(z.string(), z.unknown());
const MAX_DETAIL_BYTES = 8 * 1_048_576;

const versionsSchema = z.object({ unstable_features: z.unknown().optional() });

/** The features of the server (CS §GET /_matrix/client/versions). */
export async function readFeatures(
  reader: Pick<Reader, "request">,
): Promise<{ unstableFeatures: Readonly<Record<string, boolean>> }> {
  const path = "/_matrix/client/versions";
  const answer = await reader.request({ method: "GET", path, schema: versionsSchema });
  const features = Object.entries(objectAt(answer, "unstable_features"));
  return { unstableFeatures: Object.fromEntries(features.filter(isSwitch)) };
}

function isSwitch(feature: [string, unknown]): feature is [string, boolean] {
  return typeof feature[1] === "boolean";
}

/**
 * The capabilities of the account (CS §Capabilities negotiation). A missing capability has the
 * specification's default.
 */
export async function readCapabilities(reader: Reader): Promise<Capabilities> {
  const answer = await unlessUnrecognized(
    reader.request({ method: "GET", path: "/_matrix/client/v3/capabilities", schema: objectSchema }),
  );
  const capabilities = objectAt(answer, "capabilities");
  const versions = objectAt(capabilities, "m.room_versions");
  const available = Object.keys(objectAt(versions, "available"));
  return {
    roomVersions: available.length > 0 ? available : ["1"],
    defaultRoomVersion: textOrNull(versions["default"]),
    canSetDisplayName: objectAt(capabilities, "m.set_displayname")["enabled"] !== false,
    canSetAvatarUrl: objectAt(capabilities, "m.set_avatar_url")["enabled"] !== false,
    profileFields: profileFieldRules(
      capabilities["m.profile_fields"] ?? capabilities["uk.tcpip.msc4133.profile_fields"],
    ),
  };
}

/** `GET /profile/{userId}`. If there is no profile, everything is `null` or empty. */
export async function readProfile(reader: Pick<Reader, "request">, userId: string): Promise<Profile> {
  const path = apiPath`/_matrix/client/v3/profile/${userId}`;
  const answer = (await unlessAbsent(reader.request({ method: "GET", path, schema: objectSchema }))) ?? {};
  const { displayname, avatar_url: avatarUrl, ...fields } = answer;
  return {
    displayName: textOrNull(displayname),
    avatarUrl: textOrNull(avatarUrl),
    fields: new Map(Object.entries(fields).filter(([, value]) => value !== null)),
  };
}

/** `global` of all push rules. Synapse has only the path with the trailing slash. */
export async function requestPushRules(reader: Pick<Reader, "request">): Promise<JsonObject> {
  const path = "/_matrix/client/v3/pushrules/";
  const answer = await reader.request({
    method: "GET",
    path,
    schema: objectSchema,
    maxBytes: MAX_DETAIL_BYTES,
  });
  return objectAt(answer, "global");
}

function profileFieldRules(rules: unknown): ProfileFieldRules | null {
  if (!isJsonObject(rules)) return null;
  const { enabled, allowed, disallowed } = rules;
  return {
    isEnabled: enabled === true,
    allowed: Array.isArray(allowed) ? texts(allowed) : null,
    disallowed: texts(disallowed),
  };
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : [];
}
