import type { ItemStatus } from "../comparison.ts";
import { isJsonObject } from "../../api/json.ts";
import type { JsonObject } from "../../api/json.ts";
import type { NotMovedCode } from "../not-moved.ts";
import { isPathSegment } from "../../api/path-segment.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { isSameJson } from "../../api/same-json.ts";
import { withRoomsOnTarget } from "./room-lists.ts";
import { treatmentOf } from "./treatment.ts";

/** Content of account data as it should stand on the target. */
export interface DesiredContent {
  readonly content: JsonObject;
  /** Only keys that the target lacks are written, and its other keys stay. */
  readonly isMerged: boolean;
}

/** @returns why it is not moved; `null` for empty content, which is how account data is deleted */
export function desiredContent(
  type: string,
  content: unknown,
  roomIdOnTarget: RoomIdOnTarget,
): DesiredContent | NotMovedCode | null {
  // Of what must never be moved the name says enough.
  const treatment = treatmentOf(type, isJsonObject(content) ? content : {});
  if (treatment.kind === "never") return treatment.code;
  if (!isJsonObject(content) || !isPathSegment(type)) return "malformed";
  if (Object.keys(content).length === 0) return null;
  const onTarget = withRoomsOnTarget(type, content, roomIdOnTarget);
  return onTarget === null ? "room_not_moved" : { content: onTarget, isMerged: treatment.kind === "merge" };
}

/** @param there what the target has under that type; `undefined` for nothing */
export function statusOfContent({ content, isMerged }: DesiredContent, there: unknown): ItemStatus {
  if (!isJsonObject(there) || Object.keys(there).length === 0) return "missing";
  if (isMerged) return Object.keys(content).every((key) => Object.hasOwn(there, key)) ? "present" : "missing";
  return isSameJson(content, there) ? "present" : "target_has_own";
}
