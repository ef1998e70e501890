import type { NotMovedCode } from "../../../../model/not-moved.ts";
import type { JsonObject } from "../../api/json.ts";
import { isJsonObject } from "../../api/json.ts";
import { isPathSegment } from "../../api/path-segment.ts";
import { isSameJson } from "../../api/same-json.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import type { ItemStatus } from "../comparison.ts";
import type { DesiredForms } from "./forms.ts";
import { isChosenIn, otherForms } from "./forms.ts";
import { withRoomsOnTarget } from "./room-lists.ts";
import { treatmentOf } from "./treatment.ts";

/** The content that account data should have on the target. */
export interface DesiredContent {
  readonly content: JsonObject;
  /** Only keys that the target lacks are written, and its other keys stay. */
  readonly isMerged: boolean;
}

/**
 * @returns the reason if it is not moved; `null` for empty content, which is how account data is
 * deleted
 */
export function desiredContent(
  type: string,
  content: unknown,
  roomIdOnTarget: RoomIdOnTarget,
): DesiredContent | NotMovedCode | null {
  // A type that is never moved is recognised by its name, whatever the content.
  const treatment = treatmentOf(type, isJsonObject(content) ? content : {});
  if (treatment.kind === "never") return treatment.code;
  if (!isJsonObject(content) || !isPathSegment(type)) return "malformed";
  if (Object.keys(content).length === 0) return null;
  const onTarget = withRoomsOnTarget(type, content, roomIdOnTarget);
  return onTarget === null ? "room_not_moved" : { content: onTarget, isMerged: treatment.kind === "merge" };
}

/** @param existing the target's content of that type; `undefined` for none */
export function statusOfContent({ content, isMerged }: DesiredContent, existing: unknown): ItemStatus {
  if (!isJsonObject(existing) || Object.keys(existing).length === 0) return "missing";
  if (isMerged)
    return Object.keys(content).every((key) => Object.hasOwn(existing, key)) ? "present" : "missing";
  return isSameJson(content, existing) ? "present" : "target_has_own";
}

/**
 * The status of one type among the account data of its scope, the account or a room. A choice that
 * the target has made in another form of the setting counts.
 * @param existing the target's account data of the scope, by type
 */
export function statusOfType(
  desired: DesiredContent & { readonly type: string; readonly forms: DesiredForms },
  existing: ReadonlyMap<string, unknown> | undefined,
): ItemStatus {
  const status = statusOfContent(desired, existing?.get(desired.type));
  return status === "missing" &&
    otherForms(desired.type).some((form) => isChosenIn(form, existing?.get(form), desired))
    ? "target_has_own"
    : status;
}
