import { z } from "zod";
import type { NotMoved } from "../../../../model/not-moved.ts";
import { stages } from "../../../../model/step.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { INVITE_PERMISSION_TYPES } from "../../rooms/invite-permission.ts";
import type { CategoryPlan } from "../category-plan.ts";
import type { Comparison, Desired } from "../comparison.ts";
import { compareItems } from "../comparison.ts";
import type { DesiredContent } from "./desired-content.ts";
import { desiredContent, statusOfType } from "./desired-content.ts";
import type { DesiredForms } from "./forms.ts";
import { withForms } from "./forms.ts";
import { partAboutRooms } from "./room-lists.ts";

const contentSchema = z.record(z.string(), z.unknown());

/**
 * The undo record of a step: account data of one room or, with `roomId: null`, of the account. The
 * content is what was written, or only the keys of it that were added.
 */
export const writtenContentSchema = z.object({
  roomId: z.string().nullable(),
  type: z.string(),
  content: contentSchema,
  isMerged: z.boolean(),
});
export type WrittenContent = z.output<typeof writtenContentSchema>;

/** The payload of a step. */
export const contentPayloadSchema = writtenContentSchema.extend({
  /** The other forms of the setting that are moved with it. Old payloads do not have them. */
  forms: z.record(z.string(), contentSchema).default({}),
});
export type ContentPayload = z.output<typeof contentPayloadSchema>;

/** Account data that the target should have. */
export interface DesiredAccountData extends DesiredContent {
  readonly type: string;
  readonly forms: DesiredForms;
}

/** Types with categories of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.direct", "m.ignored_user_list", "m.push_rules"]);

/** The key of the step that writes a type. */
export function accountDataKey(type: string): string {
  return `account_data:${type}`;
}

/** The account data of the account. */
export const accountDataPlan: CategoryPlan<Comparison<DesiredAccountData>, ContentPayload> = {
  name: "account_data",
  accountDataType: null,
  isWholeList: true,
  partAbout(item, roomIds) {
    const content = partAboutRooms(item.type, item.content, roomIds);
    return content === null ? null : { ...item, content };
  },
  compare(source, target, roomIdOnTarget) {
    return compareItems(
      "account_data",
      desiredAccountData(source.snapshot.accountData, roomIdOnTarget),
      ({ type }) => type,
      (item) => {
        const status = statusOfType(item, target.snapshot.accountData);
        const isHeldBack = status === "missing" && source.heldBackTypes?.has(item.type) === true;
        return isHeldBack ? "held_back" : status;
      },
    );
  },
  steps({ missingItems }) {
    return missingItems.map(({ type, content, isMerged, forms }) => ({
      key: accountDataKey(type),
      stage: INVITE_PERMISSION_TYPES.has(type) ? stages.last : stages.settings,
      payload: { roomId: null, type, content, isMerged, forms },
    }));
  },
};

/** `treatment.ts` has the table of types. */
export function desiredAccountData(
  accountData: ReadonlyMap<string, unknown>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredAccountData> {
  const items: Omit<DesiredAccountData, "forms">[] = [];
  const notMoved: NotMoved[] = [];
  for (const [type, content] of accountData) {
    if (ELSEWHERE.has(type)) continue;
    const desired = desiredContent(type, content, roomIdOnTarget);
    if (typeof desired === "string") notMoved.push({ category: "account_data", item: type, code: desired });
    else if (desired !== null) items.push({ type, ...desired });
  }
  return { items: withForms(items), notMoved };
}
