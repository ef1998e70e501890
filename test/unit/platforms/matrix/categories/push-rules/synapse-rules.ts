const SOUND = { set_tweak: "sound", value: "default" };
const HIGHLIGHT = { set_tweak: "highlight" };
const NO_HIGHLIGHT = { set_tweak: "highlight", value: false };

interface RecordedRule {
  readonly kind: string;
  readonly rule_id: string;
  readonly enabled: boolean;
  readonly actions: readonly unknown[];
}

/** The default rules of an account on Synapse 1.163.2, as recorded. */
const RECORDED: readonly RecordedRule[] = [
  { kind: "override", rule_id: ".m.rule.master", enabled: false, actions: [] },
  { kind: "override", rule_id: ".m.rule.suppress_notices", enabled: true, actions: [] },
  {
    kind: "override",
    rule_id: ".m.rule.invite_for_me",
    enabled: true,
    actions: ["notify", NO_HIGHLIGHT, SOUND],
  },
  { kind: "override", rule_id: ".m.rule.member_event", enabled: true, actions: [] },
  {
    kind: "override",
    rule_id: ".m.rule.is_user_mention",
    enabled: true,
    actions: ["notify", HIGHLIGHT, SOUND],
  },
  {
    kind: "override",
    rule_id: ".m.rule.contains_display_name",
    enabled: true,
    actions: ["notify", HIGHLIGHT, SOUND],
  },
  { kind: "override", rule_id: ".m.rule.is_room_mention", enabled: true, actions: ["notify", HIGHLIGHT] },
  { kind: "override", rule_id: ".m.rule.roomnotif", enabled: true, actions: ["notify", HIGHLIGHT] },
  { kind: "override", rule_id: ".m.rule.tombstone", enabled: true, actions: ["notify", HIGHLIGHT] },
  { kind: "override", rule_id: ".m.rule.reaction", enabled: true, actions: [] },
  { kind: "override", rule_id: ".m.rule.room.server_acl", enabled: true, actions: [] },
  { kind: "override", rule_id: ".m.rule.suppress_edits", enabled: true, actions: [] },
  { kind: "override", rule_id: ".org.matrix.msc3930.rule.poll_response", enabled: true, actions: [] },
  {
    kind: "content",
    rule_id: ".m.rule.contains_user_name",
    enabled: true,
    actions: ["notify", HIGHLIGHT, SOUND],
  },
  {
    kind: "postcontent",
    rule_id: ".io.element.msc4306.rule.unsubscribed_thread",
    enabled: true,
    actions: [],
  },
  {
    kind: "underride",
    rule_id: ".m.rule.call",
    enabled: true,
    actions: ["notify", { set_tweak: "sound", value: "ring" }, NO_HIGHLIGHT],
  },
  {
    kind: "underride",
    rule_id: ".m.rule.encrypted_room_one_to_one",
    enabled: true,
    actions: ["notify", SOUND, NO_HIGHLIGHT],
  },
  {
    kind: "underride",
    rule_id: ".m.rule.room_one_to_one",
    enabled: true,
    actions: ["notify", SOUND, NO_HIGHLIGHT],
  },
  { kind: "underride", rule_id: ".m.rule.message", enabled: true, actions: ["notify", NO_HIGHLIGHT] },
  { kind: "underride", rule_id: ".m.rule.encrypted", enabled: true, actions: ["notify", NO_HIGHLIGHT] },
  { kind: "underride", rule_id: ".im.vector.jitsi", enabled: true, actions: ["notify", NO_HIGHLIGHT] },
];

/** As `global` of `GET /pushrules/` has them; a content rule's pattern is the localpart. */
export const synapseRules: Record<string, unknown> = Object.fromEntries(
  ["override", "content", "room", "sender", "underride", "postcontent"].map((kind) => [
    kind,
    RECORDED.filter((rule) => rule.kind === kind).map(({ rule_id, enabled, actions }) => ({
      rule_id,
      default: true,
      enabled,
      actions,
      ...(kind === "content" ? { pattern: "me" } : { conditions: [] }),
    })),
  ]),
);
