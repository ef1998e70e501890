const SOUND = { set_tweak: "sound", value: "default" };
const HIGHLIGHT = { set_tweak: "highlight" };
const NO_HIGHLIGHT = { set_tweak: "highlight", value: false };

/**
 * The default rules of an account on Synapse 1.163.2, recorded: kind, ID, whether it is on, and the
 * actions in the server's own words.
 */
const RECORDED: readonly (readonly [string, string, boolean, readonly unknown[]])[] = [
  ["override", ".m.rule.master", false, []],
  ["override", ".m.rule.suppress_notices", true, []],
  ["override", ".m.rule.invite_for_me", true, ["notify", NO_HIGHLIGHT, SOUND]],
  ["override", ".m.rule.member_event", true, []],
  ["override", ".m.rule.is_user_mention", true, ["notify", HIGHLIGHT, SOUND]],
  ["override", ".m.rule.contains_display_name", true, ["notify", HIGHLIGHT, SOUND]],
  ["override", ".m.rule.is_room_mention", true, ["notify", HIGHLIGHT]],
  ["override", ".m.rule.roomnotif", true, ["notify", HIGHLIGHT]],
  ["override", ".m.rule.tombstone", true, ["notify", HIGHLIGHT]],
  ["override", ".m.rule.reaction", true, []],
  ["override", ".m.rule.room.server_acl", true, []],
  ["override", ".m.rule.suppress_edits", true, []],
  ["override", ".org.matrix.msc3930.rule.poll_response", true, []],
  ["content", ".m.rule.contains_user_name", true, ["notify", HIGHLIGHT, SOUND]],
  ["postcontent", ".io.element.msc4306.rule.unsubscribed_thread", true, []],
  ["underride", ".m.rule.call", true, ["notify", { set_tweak: "sound", value: "ring" }, NO_HIGHLIGHT]],
  ["underride", ".m.rule.encrypted_room_one_to_one", true, ["notify", SOUND, NO_HIGHLIGHT]],
  ["underride", ".m.rule.room_one_to_one", true, ["notify", SOUND, NO_HIGHLIGHT]],
  ["underride", ".m.rule.message", true, ["notify", NO_HIGHLIGHT]],
  ["underride", ".m.rule.encrypted", true, ["notify", NO_HIGHLIGHT]],
  ["underride", ".im.vector.jitsi", true, ["notify", NO_HIGHLIGHT]],
];

/** As `global` of `GET /pushrules/` has them; a content rule's pattern is the localpart. */
export const synapseRules: Record<string, unknown> = Object.fromEntries(
  ["override", "content", "room", "sender", "underride", "postcontent"].map((kind) => [
    kind,
    RECORDED.filter(([ofKind]) => ofKind === kind).map(([, rule_id, enabled, actions]) => ({
      rule_id,
      default: true,
      enabled,
      actions,
      ...(kind === "content" ? { pattern: "me" } : { conditions: [] }),
    })),
  ]),
);
