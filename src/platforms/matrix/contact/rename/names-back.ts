import type { PlannedStep, StepKind } from "../../../../model/step.ts";
import { stages } from "../../../../model/step.ts";
import { plannedStep } from "../../planning/planned-step.ts";
import type { GivenNameRecord, GivenRoomNameRecord } from "./payloads.ts";
import { renameProfilePayload } from "./payloads.ts";

/**
 * What the person had chosen for rooms, which a new global name has overwritten there; empty for
 * any other kind of step.
 */
export function overwrittenBy({
  kind,
  payload,
}: {
  kind: StepKind;
  payload: unknown;
}): GivenRoomNameRecord[] {
  const { data } = kind === "rename_profile" ? renameProfilePayload.safeParse(payload) : {};
  if (data === undefined) return [];
  const { name, former: everywhere, rooms } = data;
  return rooms.map(({ roomId, former, avatar }) => ({
    ...{ roomId, name, former, everywhere },
    ...(avatar !== null && { avatar }),
  }));
}

/** The step that brings the former global name back. */
export function nameBackStep(key: string, undo: GivenNameRecord): PlannedStep {
  return backStep(key, { kind: "rename_profile", undo });
}

/**
 * The step that brings the former name in a room back. After a change of the global name it is
 * among the last, because the server overwrites the room once more.
 */
export function roomNameBackStep(key: string, undo: GivenRoomNameRecord): PlannedStep {
  const stage = undo.everywhere === undefined ? stages.rooms : stages.last;
  return { ...backStep(key, { kind: "rename_room", undo }), stage };
}

function backStep(key: string, payload: unknown): PlannedStep {
  return plannedStep({ key, kind: "undo", side: "source", limits: ["messages"], payload });
}

/** The key of the step that undoes a step of a run. */
export function undoKey(runId: number, key: string): string {
  return `undo:${runId}:${key}`;
}

/** The key of the step that brings back what a new global name has overwritten in a room. */
export function roomUndoKey(runId: number, key: string, roomId: string): string {
  return `${undoKey(runId, key)} ${roomId}`;
}
