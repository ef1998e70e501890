import type { Wanted } from "../comparison.ts";
import type { NotMoved } from "../not-moved.ts";
import type { Profile } from "../reading/account-reading.ts";

/** One field of a profile, by its key in the API (CS §Profiles). */
export interface ProfileField {
  readonly key: string;
  readonly value: unknown;
}

const MXC = /^mxc:\/\/[^/\s]+\/[^/\s]+$/;

/** Everything that the source's profile says; the avatar's address is the one on the source's server. */
export function wantedProfile({ displayName, avatarUrl, fields }: Profile): Wanted<ProfileField> {
  const wanted: ProfileField[] = [];
  const notMoved: NotMoved[] = [];
  if (displayName !== null) wanted.push({ key: "displayname", value: displayName });
  if (avatarUrl !== null && MXC.test(avatarUrl)) wanted.push({ key: "avatar_url", value: avatarUrl });
  else if (avatarUrl !== null) notMoved.push({ category: "profile", item: "avatar_url", code: "malformed" });
  for (const [key, value] of fields) wanted.push({ key, value });
  return { wanted, notMoved };
}
