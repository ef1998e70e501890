import type { CategoryName } from "../../../model/categories.ts";
import type { ContactStepKind, LimitName, PlannedStep, Stage, StepKind } from "../../../model/step.ts";
import { plannedStep } from "../planning/planned-step.ts";
import type { RoomIdOnTarget } from "../planning/room-mapping.ts";
import type { RoomStepKind } from "../planning/room-steps.ts";
import type { Comparison } from "./comparison.ts";
import type { AccountContents } from "./contents.ts";

/** The kinds of steps that write account contents. Each is the kind of one category. */
export type ContentStepKind = Exclude<
  StepKind,
  RoomStepKind | ContactStepKind | "kept_room_profile" | "undo"
>;

/**
 * The properties of a step that differ between steps of its category. All of them act for the
 * target and wait for no other step.
 */
export interface ContentStep<Payload> {
  /** Deterministic and unique in a run. */
  readonly key: string;
  readonly stage: Stage;
  readonly payload: Payload;
  /** The room that the step is about; the step waits until the target is in it. */
  readonly roomId?: string;
  readonly limits?: readonly LimitName[];
}

type MissingItem<Compared extends Comparison> = Compared["missingItems"][number];

/** The plan of one category. It is a function of the two accounts and does no I/O. */
export interface CategoryPlan<Compared extends Comparison = Comparison, Payload = unknown> {
  readonly name: CategoryName;
  /** The type of account data that only this category reads; `null` for none. */
  readonly accountDataType: string | null;
  /**
   * The part of a missing item that is about some rooms of the target; `null` for none. Only that
   * part is written when the target joins these rooms later, because the person may have removed
   * the other missing entries.
   */
  partAbout(item: MissingItem<Compared>, roomIds: ReadonlySet<string>): MissingItem<Compared> | null;
  /**
   * A step writes one list for many rooms. When the target gets into a room later, another step
   * adds the items about that room.
   */
  readonly isWholeList: boolean;
  /** What the target should have, and how much of it the target already has. */
  compare(source: AccountContents, target: AccountContents, roomIdOnTarget: RoomIdOnTarget): Compared;
  /** The steps that write the missing items of a comparison. */
  steps(compared: Compared, target: AccountContents): ContentStep<Payload>[];
}

/** The whole step. */
export function plannedContentStep(kind: ContentStepKind, step: ContentStep<unknown>): PlannedStep {
  const { roomId = null, limits = [], ...rest } = step;
  return plannedStep({ ...rest, kind, side: "target", limits, needsRoom: roomId, roomId });
}
