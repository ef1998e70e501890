import { z } from "zod";
import type { NotMoved } from "../../../../model/not-moved.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import { stages } from "../../../../model/step.ts";
import { isTooComplex } from "../../api/json.ts";
import { parseMxc } from "../../api/mxc.ts";
import { isPathSegment } from "../../api/path-segment.ts";
import { isSameJson } from "../../api/same-json.ts";
import { parseUserId } from "../../ids/identifiers.ts";
import type { Profile } from "../../reading/account-reading.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired, ItemStatus } from "../comparison.ts";
import { compareItems } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import { ownRoomProfiles } from "../kept-room-profiles/plan.ts";

/** The payload of a step, and its undo record. */
export const profileFieldSchema = z.object({
  key: z.string(),
  value: z.unknown(),
  /** The target's previous value; `null` for none. */
  before: z.unknown(),
  /**
   * False: the server is asked not to write the change into member events (MSC4069), because every
   * room of the target has a name and a picture of its own. Other servers ignore it.
   */
  isInRooms: z.exactOptional(z.literal(false)),
});
export type ProfileFieldPayload = z.output<typeof profileFieldSchema>;

/** One field of a profile, by its key in the API (CS §Profiles). */
interface ProfileField {
  readonly key: string;
  readonly value: unknown;
}

/**
 * The fields that member events repeat. Every server has them. An empty text means no value. All
 * other fields came with v1.16 (MSC4133).
 */
export const MEMBER_FIELDS: ReadonlySet<string> = new Set(["displayname", "avatar_url"]);

/** Whether a step changes the global profile in a way that servers write into member events. */
export function isWrittenIntoRooms({ kind, payload }: Pick<PlannedStep, "kind" | "payload">): boolean {
  if (kind !== "profile_field") return false;
  const { data } = profileFieldSchema.safeParse(payload);
  return data !== undefined && MEMBER_FIELDS.has(data.key);
}

/** The maximum length of a key (CS §Profiles). */
const MAX_KEY_BYTES = 255;

/** The global profile, one item and one step a field. */
export const profilePlan: CategoryPlan<Comparison<ProfileField>, ProfileFieldPayload> = {
  name: "profile",
  accountDataType: null,
  isWholeList: false,
  partAbout: () => null,
  compare(source, target) {
    return compareItems(
      "profile",
      desiredProfile(source.profile),
      ({ key }) => key,
      (field) => {
        const status = statusOfField(field, target.profile, target.snapshot.userId);
        if (status !== "missing") return status;
        if (!canWriteField(field.key, target.capabilities)) return "server_refuses";
        const isLost = field.key === "avatar_url" && source.lostImages?.has(String(field.value)) === true;
        return isLost ? "source_gone" : "missing";
      },
    );
  },
  /**
   * A change of the profile is limited like a message: Synapse rewrites member events for it
   * (`_update_join_states` in handlers/profile.py).
   */
  steps({ missingItems }, target) {
    const isInRooms = target.roomProfiles.size > ownRoomProfiles(target).size;
    return missingItems.map(({ key, value }) => ({
      key: `profile:${key}`,
      stage: stages.profile,
      limits: ["messages"],
      payload: {
        key,
        value,
        // The server's default name is the only value that counts as missing. The undo restores it.
        before: key === "displayname" ? target.profile.displayName : null,
        ...(MEMBER_FIELDS.has(key) && !isInRooms && { isInRooms }),
      },
    }));
  },
};

/** Every field of the source's profile. The avatar's address is the one on the source's server. */
function desiredProfile({ displayName, avatarUrl, fields }: Profile): Desired<ProfileField> {
  const items: ProfileField[] = [];
  const notMoved: NotMoved[] = [];
  if (displayName !== null) items.push({ key: "displayname", value: displayName });
  if (avatarUrl !== null && parseMxc(avatarUrl) !== null) items.push({ key: "avatar_url", value: avatarUrl });
  else if (avatarUrl !== null) notMoved.push({ category: "profile", item: "avatar_url", code: "malformed" });
  for (const [key, value] of fields) {
    const isUsable = isPathSegment(key) && Buffer.byteLength(key) <= MAX_KEY_BYTES && !isTooComplex(value);
    if (isUsable) items.push({ key, value });
    else notMoved.push({ category: "profile", item: key, code: "malformed" });
  }
  return { items, notMoved };
}

/** @param profile the profile of the target, whose ID is `userId` */
export function statusOfField({ key, value }: ProfileField, profile: Profile, userId: string): ItemStatus {
  // An avatar is uploaded again, so its address differs. Another image is the target's own choice.
  if (key === "avatar_url") return profile.avatarUrl === null ? "missing" : "present";
  const existing =
    key === "displayname" ? chosenName(profile.displayName, userId, value) : profile.fields.get(key);
  if (existing === undefined) return "missing";
  return isSameJson(existing, value) ? "present" : "target_has_own";
}

/** Servers give a new account its localpart as a name. Nobody chose that name. */
function chosenName(displayName: string | null, userId: string, desired: unknown): string | undefined {
  if (displayName === null) return undefined;
  return displayName === parseUserId(userId)?.localpart && displayName !== desired ? undefined : displayName;
}

/**
 * Whether the server lets its accounts change a field: by the capability `m.profile_fields` (CS
 * v1.16) and, for the two oldest fields, the older
 * capabilities.
 */
export function canWriteField(
  key: string,
  { canSetDisplayName, canSetAvatarUrl, profileFields }: AccountContents["capabilities"],
): boolean {
  if (profileFields === null)
    return (key === "displayname" && canSetDisplayName) || (key === "avatar_url" && canSetAvatarUrl);
  const { isEnabled, allowed, disallowed } = profileFields;
  return isEnabled && (allowed === null ? !disallowed.includes(key) : allowed.includes(key));
}
