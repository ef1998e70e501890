import { z } from "zod";
import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";
import type { DesiredContent } from "./desired-content.ts";
import { desiredContent, statusOfContent } from "./desired-content.ts";

/**
 * The payload of a step: account data of one room or, with `roomId: null`, of the account. As an
 * undo record: the content that was written, or only the keys of it that were added.
 */
export const contentSchema = z.object({
  roomId: z.string().nullable(),
  type: z.string(),
  content: z.record(z.string(), z.unknown()),
  isMerged: z.boolean(),
});
export type ContentPayload = z.output<typeof contentSchema>;

interface DesiredAccountData extends DesiredContent {
  readonly type: string;
}

/** Types with categories of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.direct", "m.ignored_user_list", "m.push_rules"]);

/**
 * Types that can block invitations from the old account. They are written after those invitations
 * were accepted (MSC4155; platforms/matrix/README.md, "Account data").
 */
const LAST: ReadonlySet<string> = new Set([
  "m.invite_permission_config",
  "org.matrix.msc4155.invite_permission_config",
]);

/** The account data of the account. */
export const accountDataPlan: CategoryPlan<Comparison<DesiredAccountData>, ContentPayload> = {
  name: "account_data",
  accountDataType: null,
  isWholeList: true,
  compare(source, target, roomIdOnTarget) {
    return compareItems(
      "account_data",
      desiredAccountData(source.snapshot.accountData, roomIdOnTarget),
      ({ type }) => type,
      (item) => statusOfContent(item, target.snapshot.accountData.get(item.type)),
    );
  },
  steps({ missingItems }) {
    return missingItems.map(({ type, content, isMerged }) => ({
      key: `account_data:${type}`,
      stage: LAST.has(type) ? stages.last : stages.settings,
      payload: { roomId: null, type, content, isMerged },
    }));
  },
};

/** `treatment.ts` has the table of types. */
export function desiredAccountData(
  accountData: ReadonlyMap<string, unknown>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredAccountData> {
  const items: DesiredAccountData[] = [];
  const notMoved: NotMoved[] = [];
  for (const [type, content] of accountData) {
    if (ELSEWHERE.has(type)) continue;
    const desired = desiredContent(type, content, roomIdOnTarget);
    if (typeof desired === "string") notMoved.push({ category: "account_data", item: type, code: desired });
    else if (desired !== null) items.push({ type, ...desired });
  }
  return { items, notMoved };
}
