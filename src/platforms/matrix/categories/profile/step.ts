import { isUnrecognized } from "../../api/homeserver-error.ts";
import { z } from "zod";
import { apiPath } from "../../api/homeserver-client.ts";
import type { HttpMethod } from "../../../../network/guarded-fetch.ts";
import { copyImage } from "../../steps/copy-image.ts";
import { readProfile } from "../../reading/account-details.ts";
import type { Profile } from "../../reading/account-reading.ts";
import { isSameJson } from "../../api/same-json.ts";
import type { StepFunction, UndoFunction } from "../../steps/step-context.ts";
import { outcomeOf } from "../../steps/step-errors.ts";
import { sessionOf } from "../../steps/step-session.ts";
import type { StepSession } from "../../steps/step-session.ts";
import { writeWithUndo } from "../../steps/write-with-undo.ts";
import { statusOfProfileField } from "./compare.ts";

/** `before`: what the target had, `null` for nothing. */
const fieldSchema = z.object({ key: z.string(), value: z.unknown(), before: z.unknown() });
export type ProfileFieldPayload = z.output<typeof fieldSchema>;

/**
 * Fields that any server has; `""` is their word for nothing. All others came with v1.16 (MSC4133).
 */
const OLDEST: ReadonlySet<string> = new Set(["displayname", "avatar_url"]);

/** Sets one field of the target's profile; an avatar is copied to its server first. */
export const runProfileField: StepFunction = async (payload, context) => {
  const { key, value, before } = fieldSchema.parse(payload);
  const savedUndo = fieldSchema.nullable().parse(context.savedUndo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    if (!context.canSkipCheck) {
      const there = await readProfile(target, target.userId);
      if (savedUndo !== null && isSameJson(fieldOf(there, key), savedUndo.value))
        return { status: "done", undo: savedUndo };
      if (statusOfProfileField({ key, value }, there, target.userId) !== "missing")
        return { status: "already_done" };
    }
    let written = value;
    const isImage = key === "avatar_url";
    // An earlier try may have copied the image already.
    if (isImage && savedUndo !== null) written = savedUndo.value;
    else if (isImage) {
      const copied = await copyImage(String(value), context);
      if (copied.status !== "copied") return copied;
      written = copied.url;
    }
    const undo: ProfileFieldPayload = { key, value: written, before };
    await writeWithUndo(context, { undo, forRetry: isImage ? undo : null }, () =>
      writeField(target, key, written),
    );
    return { status: "done", undo };
  });
};

export const undoProfileField: UndoFunction = async (undo, context) => {
  const { key, value, before } = fieldSchema.parse(undo);
  const target = sessionOf(context, "target");
  return await outcomeOf(async () => {
    const there = fieldOf(await readProfile(target, target.userId), key);
    if (!isSameJson(there, value)) return { status: "already_done" };
    await writeField(target, key, before);
    return { status: "done" };
  });
};

function fieldOf({ displayName, avatarUrl, fields }: Profile, key: string): unknown {
  if (key === "displayname") return displayName;
  return key === "avatar_url" ? avatarUrl : (fields.get(key) ?? null);
}

/** @param value `null`: it is taken away */
async function writeField(target: StepSession, key: string, value: unknown): Promise<void> {
  if (OLDEST.has(key)) await send(target, "v3", "PUT", key, value ?? "");
  else {
    try {
      await send(target, "v3", value === null ? "DELETE" : "PUT", key, value);
    } catch (error) {
      // Servers from before v1.16 have it under this name only; Synapse has had both, and since
      // 1.163 at the latest only the first.
      if (!isUnrecognized(error)) throw error;
      await send(target, "unstable/uk.tcpip.msc4133", value === null ? "DELETE" : "PUT", key, value);
    }
  }
}

async function send(
  { request, userId }: StepSession,
  version: "v3" | "unstable/uk.tcpip.msc4133",
  method: HttpMethod,
  key: string,
  value: unknown,
): Promise<void> {
  const path = `/_matrix/client/${version}${apiPath`/profile/${userId}/${key}`}`;
  await request({
    method,
    path,
    schema: z.unknown(),
    ...(method === "PUT" ? { body: { [key]: value } } : {}),
  });
}
