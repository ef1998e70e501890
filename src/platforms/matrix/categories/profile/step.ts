import { z } from "zod";
import type { HttpMethod } from "../../../../network/guarded-fetch.ts";
import { apiPath } from "../../api/homeserver-client.ts";
import { isUnrecognized } from "../../api/homeserver-error.ts";
import { isSameJson } from "../../api/same-json.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { Profile } from "../../reading/account-reading.ts";
import { copyImage } from "../../steps/copy-image.ts";
import type { StepSession } from "../../steps/define-step.ts";
import { defineStep } from "../../steps/define-step.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { profileFieldSchema, statusOfField } from "./plan.ts";

/**
 * Fields that every server has; `""` means none. All other fields came with v1.16 (MSC4133).
 */
const OLDEST: ReadonlySet<string> = new Set(["displayname", "avatar_url"]);

/**
 * `isWritten` is false while only the image was copied, so that the next try uses the copy and an
 * undo has nothing to do.
 */
const undoSchema = profileFieldSchema.extend({ isWritten: z.exactOptional(z.literal(false)) });

/**
 * Sets one field of the target's profile. An avatar is first copied to the target's server. The
 * undo restores the previous value if the written value still exists.
 */
export const profileFieldStep = defineStep({
  payload: profileFieldSchema,
  undoRecord: undoSchema,
  async run({ key, value, before }, scope) {
    const { target, savedUndo } = scope;
    if (!scope.canSkipCheck) {
      const existing = await readProfile(target, target.userId);
      if (savedUndo !== null && isSameJson(fieldOf(existing, key), savedUndo.value))
        return { status: "done", undo: { key, value: savedUndo.value, before: savedUndo.before } };
      if (statusOfField({ key, value }, existing, target.userId) !== "missing")
        return { status: "already_done" };
    }
    let written = value;
    const isImage = key === "avatar_url";
    // An earlier try may have copied the image already.
    if (isImage && savedUndo !== null) written = savedUndo.value;
    else if (isImage) {
      const copied = await copyImage(String(value), scope);
      if (copied.status !== "copied") return copied;
      written = copied.url;
    }
    const undo: z.output<typeof undoSchema> = { key, value: written, before };
    await writeWithUndo(scope, { undo, forRetry: isImage ? { ...undo, isWritten: false } : null }, () =>
      writeField(target, key, written),
    );
    return { status: "done", undo };
  },
  async undo({ key, value, before }, { target }) {
    const existing = fieldOf(await readProfile(target, target.userId), key);
    if (!isSameJson(existing, value)) return { status: "already_done" };
    await writeField(target, key, before);
    return { status: "done" };
  },
});

function fieldOf({ displayName, avatarUrl, fields }: Profile, key: string): unknown {
  if (key === "displayname") return displayName;
  return key === "avatar_url" ? avatarUrl : (fields.get(key) ?? null);
}

/** @param value `null`: the field is removed */
async function writeField(target: StepSession, key: string, value: unknown): Promise<void> {
  if (OLDEST.has(key)) {
    await send(target, "v3", { method: "PUT", key, value: value ?? "" });
    return;
  }
  const method = value === null ? "DELETE" : "PUT";
  try {
    await send(target, "v3", { method, key, value });
  } catch (error) {
    // Servers before v1.16 have the endpoint only under this name. Synapse had both names, and has
    // only the first since 1.163 at the latest.
    if (!isUnrecognized(error)) throw error;
    await send(target, "unstable/uk.tcpip.msc4133", { method, key, value });
  }
}

async function send(
  { request, userId }: StepSession,
  version: "v3" | "unstable/uk.tcpip.msc4133",
  { method, key, value }: { method: HttpMethod; key: string; value: unknown },
): Promise<void> {
  const path = `/_matrix/client/${version}${apiPath`/profile/${userId}/${key}`}`;
  const body = method === "PUT" ? { body: { [key]: value } } : {};
  await request({ method, path, schema: z.unknown(), ...body });
}
