import type { JsonObject } from "../../api/json.ts";
import { isJsonObject } from "../../api/json.ts";
import { isSameJson } from "../../api/same-json.ts";

/**
 * Types that are forms of one setting: the stable type first, then the types that clients wrote
 * before. One form can override another: in Synapse `m.invite_permission_config`, even an empty
 * one, overrides the lists of MSC4155 (platforms/matrix/README.md, "Account data").
 */
const FORMS: readonly (readonly string[])[] = [
  ["m.invite_permission_config", "org.matrix.msc4155.invite_permission_config"],
  ["m.media_preview_config", "io.element.msc4278.media_preview_config"],
  ["m.policies", "org.matrix.msc3847.policies"],
  ["m.marked_unread", "com.famedly.marked_unread"],
  ["m.recent_emoji", "io.element.recent_emoji"],
  ["m.image_pack.rooms", "im.ponies.emote_rooms"],
  ["im.vector.setting.breadcrumbs", "im.vector.riot.breadcrumb_rooms"],
];

/** The desired contents of the other forms of a setting, by type. */
export type DesiredForms = Readonly<Record<string, JsonObject>>;

/** The other forms of the setting that a type is a form of. */
export function otherForms(type: string): readonly string[] {
  return FORMS.find((forms) => forms.includes(type))?.filter((form) => form !== type) ?? [];
}

/** The items of one scope, the account or a room, each with the other forms of its setting. */
export function withForms<Item extends { readonly type: string; readonly content: JsonObject }>(
  items: readonly Item[],
): (Item & { readonly forms: DesiredForms })[] {
  const contents = new Map(items.map(({ type, content }) => [type, content]));
  return items.map((item) => ({
    ...item,
    forms: Object.fromEntries(
      otherForms(item.type).flatMap((type) => {
        const content = contents.get(type);
        return content === undefined ? [] : [[type, content] as const];
      }),
    ),
  }));
}

/**
 * Whether the target has made a choice of its own in another form of the setting. The forms that
 * the source has as well are moved together, so their contents are no choice of the target.
 * @param form the type of the other form
 * @param existing the target's content of the other form; `undefined` for none
 */
export function isChosenIn(
  form: string,
  existing: unknown,
  { content, forms }: { readonly content: JsonObject; readonly forms: DesiredForms },
): boolean {
  if (!isJsonObject(existing)) return false;
  const desired = forms[form];
  if (Object.keys(existing).length === 0)
    return desired === undefined && FORMS.some(([stable]) => stable === form);
  return !isSameJson(existing, content) && !isSameJson(existing, desired);
}
