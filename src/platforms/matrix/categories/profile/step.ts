import { z } from "zod";
import type { StepOutcome } from "../../../../model/step-outcome.ts";
import type { HttpMethod } from "../../../../network/guarded-fetch.ts";
import { apiPath } from "../../api/homeserver-client.ts";
import { isUnrecognized } from "../../api/homeserver-error.ts";
import { isSameJson } from "../../api/same-json.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { Profile } from "../../reading/account-reading.ts";
import { copyImage } from "../../steps/copy-image.ts";
import type { StepScope, StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import type { ProfileFieldPayload } from "./plan.ts";
import { MEMBER_FIELDS, profileFieldSchema, statusOfField } from "./plan.ts";

type Query = Readonly<Record<string, boolean>>;

/**
 * Sets one field of the target's profile. An avatar is first copied to the target's server. The
 * undo restores the previous value if the written value still exists.
 */
export const profileFieldStep = defineStep({
  payload: profileFieldSchema,
  undoRecord: profileFieldSchema,
  async run({ key, value, before, isInRooms }, scope) {
    const { target } = scope;
    const known = await doneOrChosen({ key, value }, scope);
    if (known !== null) return known;
    let written = value;
    if (key === "avatar_url") {
      const copied = await copyImage(String(value), scope);
      if (copied.status !== "copied") return copied;
      written = copied.url;
      // The profile is read again, because the copy takes time.
      const since = await doneOrChosen({ key, value }, scope);
      if (since !== null) return since;
    }
    const undo: ProfileFieldPayload = {
      key,
      value: written,
      before,
      ...(isInRooms !== undefined && { isInRooms }),
    };
    await writeWithUndo(scope, { undo }, () => writeProfileField(target, undo));
    return { status: "done", undo };
  },
  async undo({ key, value, before }, { target }) {
    const existing = fieldOf(await readProfile(target, target.userId), key);
    if (!isSameJson(existing, value)) return { status: "already_done" };
    await writeProfileField(target, { key, value: before });
    return { status: "done" };
  },
});

/**
 * The outcome if the field needs no write: an earlier try wrote it, or the person has chosen
 * another value, perhaps since the plan was made. `null`: it is still missing.
 */
async function doneOrChosen(
  field: { key: string; value: unknown },
  { target, savedUndo }: Pick<StepScope<ProfileFieldPayload>, "target" | "savedUndo">,
): Promise<StepOutcome | null> {
  const existing = await readProfile(target, target.userId);
  if (savedUndo !== null && isSameJson(fieldOf(existing, field.key), savedUndo.value))
    return { status: "done", undo: savedUndo };
  return statusOfField(field, existing, target.userId) === "missing" ? null : { status: "already_done" };
}

function fieldOf({ displayName, avatarUrl, fields }: Profile, key: string): unknown {
  if (key === "displayname") return displayName;
  return key === "avatar_url" ? avatarUrl : (fields.get(key) ?? null);
}

/**
 * Writes one field of an account's own profile.
 * @param field its value is `null` to remove it
 */
export async function writeProfileField(
  account: StepSession,
  { key, value, isInRooms }: Pick<ProfileFieldPayload, "key" | "value" | "isInRooms">,
): Promise<void> {
  if (MEMBER_FIELDS.has(key)) {
    const query = isInRooms === undefined ? {} : { "org.matrix.msc4069.propagate": false };
    await send(account, "v3", { method: "PUT", key, value: value ?? "", query });
    return;
  }
  const method = value === null ? "DELETE" : "PUT";
  try {
    await send(account, "v3", { method, key, value });
  } catch (error) {
    // Servers before v1.16 have the endpoint only under this name. Synapse had both names, and has
    // only the first since 1.163 at the latest.
    if (!isUnrecognized(error)) throw error;
    await send(account, "unstable/uk.tcpip.msc4133", { method, key, value });
  }
}

async function send(
  { request, userId }: StepSession,
  version: "v3" | "unstable/uk.tcpip.msc4133",
  { method, key, value, query = {} }: { method: HttpMethod; key: string; value: unknown; query?: Query },
): Promise<void> {
  const path = `/_matrix/client/${version}${apiPath`/profile/${userId}/${key}`}`;
  const body = method === "PUT" ? { body: { [key]: value } } : {};
  await request({ method, path, query, schema: z.unknown(), ...body });
}
