import type { StoredStep } from "../../../model/run.ts";
import type { StepProblem } from "../../../model/step-outcome.ts";
import type { NameDeed, RoomDeed } from "../../runs.ts";
import { undoSchema } from "../runs/follow-up.ts";
import { sendMessagePayload } from "./payloads.ts";
import { givenRoomNameRecord, renameRoomPayload } from "./rename/payloads.ts";

type EndedStep = Pick<StoredStep, "kind" | "payload" | "state" | "outcome">;

/** The rooms that an announcement has reached, or not; each once, whoever spoke there. */
export function toldRooms(steps: readonly EndedStep[]): RoomDeed[] {
  const told = new Map<string, RoomDeed>();
  for (const step of steps) {
    const deed = toldRoom(step);
    if (deed !== null && told.get(deed.roomId)?.problem !== null) told.set(deed.roomId, deed);
  }
  return [...told.values()];
}

/** Whether a step is one of an announcement. */
export function toldRoom({ kind, payload, ...step }: EndedStep): RoomDeed | null {
  if (kind !== "send_message") return null;
  const { data } = sendMessagePayload.safeParse(payload);
  const problem = problemOf(step);
  if (data?.purpose.kind !== "announce" || problem === undefined) return null;
  return { roomId: data.roomId, name: data.roomName ?? null, problem };
}

/** The name of the account or in a room that a step has given or brought back, or not. */
export function nameDeed({ kind, payload, ...step }: EndedStep): NameDeed | null {
  const problem = problemOf(step);
  if (problem === undefined) return null;
  const undo = kind === "undo" ? undoSchema.safeParse(payload).data : undefined;
  switch (undo?.kind ?? kind) {
    case "rename_profile":
      return { roomId: null, name: null, problem };
    case "rename_room": {
      const room =
        undo === undefined ? renameRoomPayload.safeParse(payload) : givenRoomNameRecord.safeParse(undo.undo);
      const { data } = room;
      if (data === undefined) return null;
      return { roomId: data.roomId, name: data.roomName ?? null, problem };
    }
    default:
      return null;
  }
}

/** `null`: done. `undefined`: it has done nothing, and was not refused either. */
function problemOf({ state, outcome }: Pick<EndedStep, "state" | "outcome">): StepProblem | null | undefined {
  if (state === "done" && outcome?.status === "done") return null;
  return state === "failed" && outcome?.status === "failed" ? outcome.problem : undefined;
}
