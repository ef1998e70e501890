import type { Desired } from "../comparison.ts";
import { isTooDeep } from "../../api/json.ts";
import { parseMxc } from "../../api/mxc.ts";
import type { NotMoved } from "../not-moved.ts";
import { isPathSegment } from "../../api/path-segment.ts";
import type { Profile } from "../../reading/account-reading.ts";

/** One field of a profile, by its key in the API (CS §Profiles). */
export interface ProfileField {
  readonly key: string;
  readonly value: unknown;
}

/** CS §Profiles: the longest key. */
const MAX_KEY_BYTES = 255;

/**
 * Everything that the source's profile says; the avatar's address is the one on the source's
 * server.
 */
export function desiredProfile({ displayName, avatarUrl, fields }: Profile): Desired<ProfileField> {
  const wanted: ProfileField[] = [];
  const notMoved: NotMoved[] = [];
  if (displayName !== null) wanted.push({ key: "displayname", value: displayName });
  if (avatarUrl !== null && parseMxc(avatarUrl) !== null)
    wanted.push({ key: "avatar_url", value: avatarUrl });
  else if (avatarUrl !== null) notMoved.push({ category: "profile", item: "avatar_url", code: "malformed" });
  for (const [key, value] of fields) {
    const isUsable = isPathSegment(key) && Buffer.byteLength(key) <= MAX_KEY_BYTES && !isTooDeep(value);
    if (isUsable) wanted.push({ key, value });
    else notMoved.push({ category: "profile", item: key, code: "malformed" });
  }
  return { wanted, notMoved };
}
