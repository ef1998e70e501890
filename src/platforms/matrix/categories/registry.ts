import type { Category, CategoryName } from "../../../model/categories.ts";
import { CATEGORY_NAMES } from "../../../model/categories.ts";
import type { NotMoved } from "../../../model/not-moved.ts";
import type { PlannedStep, StepKind } from "../../../model/step.ts";
import { isContactStep } from "../contact/registry.ts";
import type { RoomIdOnTarget } from "../planning/room-mapping.ts";
import type { Step } from "../steps/define-step.ts";
import { accountDataPlan } from "./account-data/plan.ts";
import { contentStep } from "./account-data/step.ts";
import type { CategoryPlan, ContentStepKind } from "./category-plan.ts";
import { plannedContentStep } from "./category-plan.ts";
import type { Comparison } from "./comparison.ts";
import type { AccountContents } from "./contents.ts";
import { directChatsPlan } from "./direct-chats/plan.ts";
import { directChatsStep } from "./direct-chats/step.ts";
import { ignoredUsersPlan } from "./ignored-users/plan.ts";
import { ignoredUsersStep } from "./ignored-users/step.ts";
import { profilePlan } from "./profile/plan.ts";
import { profileFieldStep } from "./profile/step.ts";
import { pushRulesPlan } from "./push-rules/plan.ts";
import { pushRulesStep } from "./push-rules/step.ts";
import { readMarkersPlan } from "./read-markers/plan.ts";
import { readMarkerStep } from "./read-markers/step.ts";
import { roomProfilesPlan } from "./room-profiles/plan.ts";
import { roomProfileStep } from "./room-profiles/step.ts";
import { roomSettingsPlan } from "./room-settings/plan.ts";
import { tagsPlan } from "./tags/plan.ts";
import { tagsStep } from "./tags/step.ts";

/**
 * All categories except rooms, power levels and room keys, by the kind of their steps. Steps of the
 * same stage are planned in this order.
 */
export const categories = {
  profile_field: { plan: profilePlan, step: profileFieldStep },
  tags: { plan: tagsPlan, step: tagsStep },
  room_setting: { plan: roomSettingsPlan, step: contentStep },
  room_profile: { plan: roomProfilesPlan, step: roomProfileStep },
  read_marker: { plan: readMarkersPlan, step: readMarkerStep },
  direct_chats: { plan: directChatsPlan, step: directChatsStep },
  account_data: { plan: accountDataPlan, step: contentStep },
  push_rules: { plan: pushRulesPlan, step: pushRulesStep },
  ignored_users: { plan: ignoredUsersPlan, step: ignoredUsersStep },
} satisfies Readonly<Record<ContentStepKind, { readonly plan: CategoryPlan; readonly step: Step }>>;

/** Whether a kind of step writes the contents of an account. */
export function isContentStep(kind: string): kind is ContentStepKind {
  return Object.hasOwn(categories, kind);
}

/** All kinds of steps that write the contents of an account, in the order of the registry. */
export const CONTENT_STEP_KINDS: readonly ContentStepKind[] = Object.keys(categories).filter(isContentStep);

/**
 * The category that a step counts for; a step that enters a room counts for `rooms`. `null` for
 * steps of no category: an undo, and steps that reach other people or leave rooms.
 */
export function categoryOfStep(kind: StepKind): CategoryName | null {
  if (isContentStep(kind)) return categories[kind].plan.name;
  if (kind === "undo" || isContactStep(kind)) return null;
  if (kind === "kept_room_profile") return "profile";
  return kind === "power_level" ? "power_levels" : "rooms";
}

/** Whether a kind of step writes one list for many rooms. */
export function writesWholeList(kind: StepKind): boolean {
  return isContentStep(kind) && categories[kind].plan.isWholeList;
}

/** The two accounts' contents compared, by category. */
export interface ContentsComparison {
  /** In the order of reports. */
  readonly categories: readonly Category[];
  readonly notMoved: readonly NotMoved[];
}

/**
 * Compares the contents of the two accounts: what the target has, what is missing and what is not
 * moved. Takes time linear in the contents. The contents may come from hostile servers; nothing in
 * them makes this throw.
 */
export function compareContents(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): ContentsComparison {
  const comparisons = CONTENT_STEP_KINDS.map((kind) => planOf(kind))
    .toSorted((left, right) => CATEGORY_NAMES.indexOf(left.name) - CATEGORY_NAMES.indexOf(right.name))
    .map((plan) => plan.compare(source, target, roomIdOnTarget));
  return {
    categories: comparisons.map((comparison) => comparison.category),
    notMoved: [...comparisons.flatMap((comparison) => comparison.notMoved), ...unreadable(source)],
  };
}

/**
 * The steps for exactly the items that `compareContents` reports missing, made from the same
 * comparisons. Once they are done, the same call plans none.
 */
export function planContentSteps(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): PlannedStep[] {
  return planPartOfContents(source, target, roomIdOnTarget, (step) => ({ key: step.key, roomIds: null }));
}

/** A step that may be planned in part. */
export interface PartOfStep {
  /** The key of the step that is planned. */
  readonly key: string;
  /** Only the items about these rooms of the target are written; `null`: all items. */
  readonly roomIds: ReadonlySet<string> | null;
}

/**
 * Like `planContentSteps`, but each step only in part.
 * @param partOf the part of a step that is planned; `null` for nothing
 */
export function planPartOfContents(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
  partOf: (step: PlannedStep) => PartOfStep | null,
): PlannedStep[] {
  return CONTENT_STEP_KINDS.flatMap((kind) => {
    const plan = planOf(kind);
    const compared = plan.compare(source, target, roomIdOnTarget);
    const parts = new Map<ReadonlySet<string>, Map<string, PlannedStep>>();
    const stepsOf = (missingItems: Comparison["missingItems"]) =>
      plan.steps({ ...compared, missingItems }, target).map((step) => plannedContentStep(kind, step));
    const stepsAbout = (roomIds: ReadonlySet<string>): Map<string, PlannedStep> => {
      const known = parts.get(roomIds);
      if (known !== undefined) return known;
      const items = compared.missingItems.map((item) => plan.partAbout(item, roomIds));
      const made = new Map(stepsOf(items.filter((item) => item !== null)).map((step) => [step.key, step]));
      parts.set(roomIds, made);
      return made;
    };
    return stepsOf(compared.missingItems).flatMap((step) => {
      const part = partOf(step);
      if (part === null) return [];
      const planned = part.roomIds === null ? step : stepsAbout(part.roomIds).get(step.key);
      return planned === undefined ? [] : [{ ...planned, key: part.key }];
    });
  });
}

/** The plan of a kind. Its `steps` read only comparisons that the same plan made. */
function planOf(kind: ContentStepKind): CategoryPlan {
  return categories[kind].plan;
}

/** Account data that could not be read or processed. */
function unreadable({ unreadableAccountData }: AccountContents): NotMoved[] {
  const plans = CONTENT_STEP_KINDS.map(planOf);
  return unreadableAccountData.map(({ roomId, type }) => ({
    category:
      plans.find(({ accountDataType }) => accountDataType === type)?.name ??
      (roomId === null ? "account_data" : "room_settings"),
    item: roomId === null ? type : `${roomId} ${type}`,
    code: "malformed",
  }));
}
