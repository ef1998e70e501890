import type { NotMovedCode } from "../../../../model/not-moved.ts";
import type { JsonObject } from "../../api/json.ts";
import { isJsonObject } from "../../api/json.ts";
import { mayHoldSecret } from "./may-hold-secret.ts";

/**
 * - `copy`: copied as a whole, unless the target has other content.
 * - `merge`: copied key by key; the target's own keys stay.
 * - `never`: not moved.
 */
export type Treatment =
  { readonly kind: "copy" | "merge" } | { readonly kind: "never"; readonly code: NotMovedCode };

/**
 * Types that are never moved, of the account and of rooms (platforms/matrix/README.md, "Account
 * data"). "*" at the end of a type matches any ending.
 */
const NEVER: readonly (readonly [NotMovedCode, readonly string[]])[] = [
  [
    "holds_keys",
    [
      "m.secret_storage.*",
      "m.cross_signing.*",
      "m.megolm_backup.*",
      // The v1.19 type, and the one that Element wrote before. They would switch off the target's
      // own key backup.
      "m.key_backup",
      "m.org.matrix.custom.backup_disabled",
      "io.element.recovery",
      // The secret of a dehydrated device.
      "org.matrix.msc3814",
      "org.matrix.msc3814.*",
    ],
  ],
  [
    "bound_to_device",
    [
      "io.element.matrix_client_information.*",
      "org.matrix.msc3890.local_notification_settings.*",
      "m.local_notification_settings.*",
    ],
  ],
  ["bound_to_server", ["io.element.synapse.admin_client_config"]],
  ["bot_state", ["org.matrix.mjolnir.*"]],
  [
    "bound_to_identity",
    [
      // Holds the creator's user ID, and addresses made for this user.
      "m.widgets",
      "m.identity_server",
      "m.accepted_terms",
      "im.vector.analytics",
      "im.vector.setting.integration_provisioning",
    ],
  ],
  // These types have endpoints and categories of their own. No client reads them in the wrong scope
  // (account or room).
  ["malformed", ["m.direct", "m.ignored_user_list", "m.push_rules", "m.tag", "m.fully_read"]],
];

const MERGED: ReadonlySet<string> = new Set(["im.vector.web.settings", "im.vector.setting.allowed_widgets"]);

const COPIED: ReadonlySet<string> = new Set([
  "m.marked_unread",
  "com.famedly.marked_unread",
  "org.matrix.msc3230.space_order",
  "org.matrix.preview_urls",
  "org.matrix.room.preview_urls",
  "im.vector.setting.breadcrumbs",
  "im.vector.riot.breadcrumb_rooms",
  "m.recent_emoji",
  "io.element.recent_emoji",
  "m.image_pack.rooms",
  "im.ponies.emote_rooms",
  "im.ponies.user_emotes",
  "m.invite_permission_config",
  "org.matrix.msc4155.invite_permission_config",
  "m.media_preview_config",
  "io.element.msc4278.media_preview_config",
  "m.policies",
  "org.matrix.msc3847.policies",
]);

/** The types of account data, global and of rooms, that are known to be moved. */
export const KNOWN_TYPES: readonly string[] = [...MERGED, ...COPIED];

const NEVER_EXACTLY = new Map<string, NotMovedCode>();
const NEVER_BEGINNING = new Map<string, NotMovedCode>();
for (const [code, types] of NEVER) {
  for (const type of types) {
    if (type.endsWith("*")) NEVER_BEGINNING.set(type.slice(0, -1), code);
    else NEVER_EXACTLY.set(type, code);
  }
}

/**
 * What is done with account data of a type. An unknown type is copied, unless a copy could reveal a
 * secret or break something.
 */
export function treatmentOf(type: string, content: JsonObject): Treatment {
  const code = whyNever(type);
  if (code !== null) return { kind: "never", code };
  // A secret of secret storage, whatever the type (CS §Secrets, "Storage").
  if (isJsonObject(content["encrypted"])) return { kind: "never", code: "holds_keys" };
  if (MERGED.has(type)) return { kind: "merge" };
  if (COPIED.has(type) || !mayHoldSecret(type, content)) return { kind: "copy" };
  return { kind: "never", code: "looks_secret" };
}

function whyNever(type: string): NotMovedCode | null {
  const exactly = NEVER_EXACTLY.get(type);
  if (exactly !== undefined) return exactly;
  for (const [beginning, code] of NEVER_BEGINNING) if (type.startsWith(beginning)) return code;
  return null;
}
