import { describe, expect, it } from "vitest";
import { accountDataPlan } from "../../../../../../src/platforms/matrix/categories/account-data/plan.ts";
import { desiredAccountData } from "../../../../../../src/platforms/matrix/categories/account-data/plan.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

function compared(
  source: Record<string, unknown>,
  target: Record<string, unknown> = {},
): ReturnType<typeof inShort> {
  const there = newAccount({ accountData: target });
  return inShort(accountDataPlan.compare(oldAccount({ accountData: source }), there, roomIdOnTarget));
}

/** What would be written for one type. */
function written(type: string, content: unknown): unknown {
  return desiredAccountData(new Map([[type, content]]), roomIdOnTarget).items[0]?.content;
}

describe("global account data", () => {
  it.each<[code: string, types: string[]]>([
    [
      "holds_keys",
      [
        "m.secret_storage.default_key",
        "m.secret_storage.key.abc",
        "m.cross_signing.master",
        "m.cross_signing.self_signing",
        "m.cross_signing.user_signing",
        "m.megolm_backup.v1",
        "m.key_backup",
        "m.org.matrix.custom.backup_disabled",
        "io.element.recovery",
        "org.matrix.msc3814",
      ],
    ],
    [
      "bound_to_device",
      [
        "io.element.matrix_client_information.ABC",
        "org.matrix.msc3890.local_notification_settings.ABC",
        "m.local_notification_settings.ABC",
      ],
    ],
    ["bound_to_server", ["io.element.synapse.admin_client_config"]],
    ["bot_state", ["org.matrix.mjolnir.protected_rooms"]],
    [
      "bound_to_identity",
      [
        "m.widgets",
        "m.identity_server",
        "m.accepted_terms",
        "im.vector.analytics",
        "im.vector.setting.integration_provisioning",
      ],
    ],
    ["malformed", ["m.tag", "m.fully_read"]],
  ])("never moves what %s", (code, types) => {
    const left = types.map((type) => `${type}: ${code}`);
    for (const content of [{ some: "thing" }, {}, null, "text"]) {
      const source = Object.fromEntries(types.map((type) => [type, content]));
      expect(compared(source)).toEqual({ present: 0, missing: [], left });
      expect(compared(source, source)).toEqual({ present: 0, missing: [], left });
    }
  });

  it("never moves a secret of any type, as they are kept under a map `encrypted`", () => {
    const content = { encrypted: { abc: { iv: "AA" } } };
    expect(compared({ "org.example.x": content, "m.recent_emoji": content }).left).toEqual([
      "org.example.x: holds_keys",
      "m.recent_emoji: holds_keys",
    ]);
  });

  it.each<[string, unknown]>([
    ["m.recent_emoji", { recent_emoji: [{ emoji: "🎉", total: 7 }] }],
    ["io.element.recent_emoji", { recent_emoji: [["🎉", 7]] }],
    ["m.invite_permission_config", { default_action: "block" }],
    ["org.matrix.msc4155.invite_permission_config", { enabled: true, blocked_users: ["@x:a.example"] }],
    ["m.media_preview_config", { media_previews: "private" }],
    ["m.policies", { "m.ignore_invites": {} }],
    ["org.matrix.preview_urls", { disable: true }],
    ["im.ponies.user_emotes", { images: { cat: { url: "mxc://old.example/cat" } } }],
    ["org.example.notes", { text: "of a client nobody knows" }],
    ["in.cinny.spaces", { shortcut: ["!a"] }],
    ["fi.mau.gomuks.preferences", { show_devices: true, key_repeat: 30, session: "" }],
  ])("copies %s, and keeps what the target has there", (type, content) => {
    expect(written(type, content)).toEqual(content);
    expect(compared({ [type]: content })).toEqual({ present: 0, missing: [type], left: [] });
    expect(compared({ [type]: content }, { [type]: {} })).toEqual({ present: 0, missing: [type], left: [] });
    expect(compared({ [type]: content }, { [type]: content })).toEqual({ present: 1, missing: [], left: [] });
    expect(compared({ [type]: content }, { [type]: { own: 1 } })).toEqual({
      present: 0,
      missing: [],
      left: [`${type}: target_has_own`],
    });
  });

  it.each<[string, string, unknown]>([
    ["a type that names keys", "org.example.room_keys", { a: 1 }],
    ["a type that names devices", "org.example.deviceList", { a: 1 }],
    ["a token by its name", "org.example.x", { settings: [{ accessToken: "x" }] }],
    ["a token in capitals", "org.example.x", { API_KEY: "x" }],
    ["devices as a map", "org.example.x", { devices: { ABC: {} } }],
    ["a Synapse token", "org.example.x", { a: ["syt_bWU_abc"] }],
    ["a JSON web token", "org.example.x", { a: "eyJhbGciOiJIUzI1NiJ9.e30.x" }],
    ["32 bytes in base64", "org.example.x", { a: { b: "nnv6HTuvGMNPF7nKoqmEbbpMTZpYn1KhYPYJTqkBvZ0" } }],
    ["a PEM block", "org.example.x", { a: "-----BEGIN MEGOLM SESSION DATA-----" }],
  ])("leaves an unknown type with %s", (_name, type, content) => {
    expect(compared({ [type]: content })).toEqual({
      present: 0,
      missing: [],
      left: [`${type}: looks_secret`],
    });
  });

  it("merges settings key by key", () => {
    const source = { "im.vector.web.settings": { a: 1, b: 2 } };
    expect(compared(source, { "im.vector.web.settings": { a: 9, c: 3 } }).missing).toEqual([
      "im.vector.web.settings",
    ]);
    expect(compared(source, { "im.vector.web.settings": { a: 9, b: 2, c: 3 } }).present).toBe(1);
  });

  it.each<[string, unknown, unknown]>([
    [
      "im.vector.web.settings",
      { a: 1, "SpotlightSearch.recentSearches": ["!a", "!gone", "!upgraded:a", 7] },
      { a: 1, "SpotlightSearch.recentSearches": ["!a", "!replacement:a"] },
    ],
    ["im.vector.web.settings", { a: 1, "SpotlightSearch.recentSearches": ["!gone"] }, { a: 1 }],
    [
      "im.vector.setting.breadcrumbs",
      { recent_rooms: ["!upgraded:a", "!replacement:a", "!gone"] },
      { recent_rooms: ["!replacement:a"] },
    ],
    ["im.vector.riot.breadcrumb_rooms", { rooms: ["!gone", "!a"] }, { rooms: ["!a"] }],
    ["im.vector.setting.breadcrumbs", { recent_rooms: "!gone" }, { recent_rooms: "!gone" }],
    [
      "m.image_pack.rooms",
      { rooms: { "!upgraded:a": { "": {} }, "!gone": { x: {} } } },
      { rooms: { "!replacement:a": { "": {} }, "!gone": { x: {} } } },
    ],
  ])("names rooms in %s as they are on the target", (type, content, expected) => {
    expect(written(type, content)).toEqual(expected);
  });

  it("tells of lists of rooms of which none is moved", () => {
    expect(compared({ "im.vector.setting.breadcrumbs": { recent_rooms: ["!gone"] } }).left).toEqual([
      "im.vector.setting.breadcrumbs: room_not_moved",
    ]);
  });

  it("takes empty content for none, tells of content that is no object, and leaves other categories alone", () => {
    const source = {
      "org.example.empty": {},
      "org.example.text": "x",
      "m.direct": { a: 1 },
      "m.ignored_user_list": {},
      "m.push_rules": {},
    };
    expect(compared(source)).toEqual({ present: 0, missing: [], left: ["org.example.text: malformed"] });
  });

  it("is not fooled by names that every object has", () => {
    const source = {
      "im.vector.web.settings": JSON.parse('{"__proto__":1,"constructor":2,"hasOwnProperty":3}'),
    };
    expect(compared(source, { "im.vector.web.settings": { a: 1 } }).missing).toEqual([
      "im.vector.web.settings",
    ]);
  });
});
