import { compareItems } from "../comparison.ts";
import type { Comparison, ItemStatus } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import type { Profile } from "../../reading/account-reading.ts";
import { isSameJson } from "../../api/same-json.ts";
import { desiredProfile } from "./desired.ts";
import type { ProfileField } from "./desired.ts";

export function compareProfile(source: AccountContents, target: AccountContents): Comparison<ProfileField> {
  return compareItems(
    "profile",
    desiredProfile(source.profile),
    ({ key }) => key,
    (field) => {
      const standing = statusOfProfileField(field, target.profile, target.snapshot.userId);
      return standing === "missing" && !canWrite(field.key, target.capabilities)
        ? "server_refuses"
        : standing;
    },
  );
}

/** @param profile of the target, whose ID is `userId` */
export function statusOfProfileField(
  { key, value }: ProfileField,
  profile: Profile,
  userId: string,
): ItemStatus {
  // An avatar is uploaded anew, so its address differs; another one is the target's own.
  if (key === "avatar_url") return profile.avatarUrl === null ? "missing" : "present";
  const there =
    key === "displayname" ? chosenName(profile.displayName, userId, value) : profile.fields.get(key);
  if (there === undefined) return "missing";
  return isSameJson(there, value) ? "present" : "target_has_own";
}

/** Servers give a new account its localpart as a name, which is nobody's choice. */
function chosenName(displayName: string | null, userId: string, wanted: unknown): string | undefined {
  if (displayName === null) return undefined;
  return displayName === parseUserId(userId)?.localpart && displayName !== wanted ? undefined : displayName;
}

/** Capabilities `m.profile_fields` (CS v1.16) and, for the two oldest fields, those before it. */
function canWrite(
  key: string,
  { canSetDisplayName, canSetAvatarUrl, profileFields }: AccountContents["capabilities"],
): boolean {
  if (profileFields === null)
    return (key === "displayname" && canSetDisplayName) || (key === "avatar_url" && canSetAvatarUrl);
  const { isEnabled, allowed, disallowed } = profileFields;
  return isEnabled && (allowed === null ? !disallowed.includes(key) : allowed.includes(key));
}
