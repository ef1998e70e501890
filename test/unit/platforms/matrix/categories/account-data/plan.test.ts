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
  it.each<{ code: string; types: string[] }>([
    {
      code: "holds_keys",
      types: [
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
    },
    {
      code: "bound_to_device",
      types: [
        "io.element.matrix_client_information.ABC",
        "org.matrix.msc3890.local_notification_settings.ABC",
        "m.local_notification_settings.ABC",
      ],
    },
    { code: "bound_to_server", types: ["io.element.synapse.admin_client_config"] },
    { code: "bot_state", types: ["org.matrix.mjolnir.protected_rooms"] },
    {
      code: "bound_to_identity",
      types: [
        "m.widgets",
        "m.identity_server",
        "m.accepted_terms",
        "im.vector.analytics",
        "im.vector.setting.integration_provisioning",
      ],
    },
    { code: "malformed", types: ["m.tag", "m.fully_read"] },
  ])("never moves what $code", ({ code, types }) => {
    const left = types.map((type) => `${type}: ${code}`);
    for (const content of [{ some: "thing" }, {}, null, "text"]) {
      const source = Object.fromEntries(types.map((type) => [type, content]));
      expect(compared(source)).toEqual({ present: 0, missing: [], left });
      expect(compared(source, source)).toEqual({ present: 0, missing: [], left });
    }
  });

  describe("of one setting in two forms", () => {
    const STABLE = "m.invite_permission_config";
    const LISTS = "org.matrix.msc4155.invite_permission_config";
    const block = { default_action: "block" };
    const lists = { enabled: true, blocked_users: ["@x:a.example"] };

    it.each<{
      name: string;
      source: Record<string, unknown>;
      target: Record<string, unknown>;
      expected: Partial<ReturnType<typeof inShort>>;
    }>([
      {
        name: "keeps the target's own in the older form",
        source: { [STABLE]: { default_action: "allow" } },
        target: { [LISTS]: lists },
        expected: { left: [`${STABLE}: target_has_own`] },
      },
      {
        name: "keeps the target's own in the stable form",
        source: { [LISTS]: lists },
        target: { [STABLE]: block },
        expected: { left: [`${LISTS}: target_has_own`] },
      },
      {
        name: "does not write an older form that an empty stable one overrides",
        source: { [LISTS]: lists },
        target: { [STABLE]: {} },
        expected: { left: [`${LISTS}: target_has_own`] },
      },
      {
        name: "writes both where the target has none",
        source: { [STABLE]: block, [LISTS]: lists },
        target: { [STABLE]: {}, [LISTS]: {} },
        expected: { missing: [STABLE, LISTS] },
      },
      {
        name: "writes the second where an earlier run wrote the first",
        source: { [STABLE]: block, [LISTS]: lists },
        target: { [STABLE]: block },
        expected: { present: 1, missing: [LISTS] },
      },
      {
        name: "keeps the target's other one in either form",
        source: { [STABLE]: block, [LISTS]: lists },
        target: { [LISTS]: { enabled: false } },
        expected: { left: [`${STABLE}: target_has_own`, `${LISTS}: target_has_own`] },
      },
      {
        name: "writes another form of the same content",
        source: { "m.media_preview_config": { media_previews: "on" } },
        target: { "io.element.msc4278.media_preview_config": { media_previews: "on" } },
        expected: { missing: ["m.media_preview_config"] },
      },
    ])("$name", ({ source, target, expected }) => {
      expect(compared(source, target)).toEqual({ present: 0, missing: [], left: [], ...expected });
    });
  });

  it("never moves a secret of any type, as they are kept under a map `encrypted`", () => {
    const content = { encrypted: { abc: { iv: "AA" } } };
    expect(compared({ "org.example.x": content, "m.recent_emoji": content }).left).toEqual([
      "org.example.x: holds_keys",
      "m.recent_emoji: holds_keys",
    ]);
  });

  it.each<{ type: string; content: unknown }>([
    { type: "m.recent_emoji", content: { recent_emoji: [{ emoji: "🎉", total: 7 }] } },
    { type: "io.element.recent_emoji", content: { recent_emoji: [["🎉", 7]] } },
    { type: "m.invite_permission_config", content: { default_action: "block" } },
    {
      type: "org.matrix.msc4155.invite_permission_config",
      content: { enabled: true, blocked_users: ["@x:a.example"] },
    },
    { type: "m.media_preview_config", content: { media_previews: "private" } },
    { type: "m.policies", content: { "m.ignore_invites": {} } },
    { type: "org.matrix.preview_urls", content: { disable: true } },
    { type: "im.ponies.user_emotes", content: { images: { cat: { url: "mxc://old.example/cat" } } } },
    { type: "org.example.notes", content: { text: "of a client nobody knows" } },
    { type: "in.cinny.spaces", content: { shortcut: ["!a"] } },
    { type: "fi.mau.gomuks.preferences", content: { show_devices: true, key_repeat: 30, session: "" } },
  ])("copies $type, and keeps what the target has there", ({ type, content }) => {
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

  it.each<{ name: string; type: string; content: unknown }>([
    { name: "a type that names keys", type: "org.example.room_keys", content: { a: 1 } },
    { name: "a type that names devices", type: "org.example.deviceList", content: { a: 1 } },
    { name: "a token by its name", type: "org.example.x", content: { settings: [{ accessToken: "x" }] } },
    { name: "a token in capitals", type: "org.example.x", content: { API_KEY: "x" } },
    { name: "devices as a map", type: "org.example.x", content: { devices: { ABC: {} } } },
    { name: "a Synapse token", type: "org.example.x", content: { a: ["syt_bWU_abc"] } },
    { name: "a JSON web token", type: "org.example.x", content: { a: "eyJhbGciOiJIUzI1NiJ9.e30.x" } },
    {
      name: "32 bytes in base64",
      type: "org.example.x",
      content: { a: { b: "nnv6HTuvGMNPF7nKoqmEbbpMTZpYn1KhYPYJTqkBvZ0" } },
    },
    { name: "a PEM block", type: "org.example.x", content: { a: "-----BEGIN MEGOLM SESSION DATA-----" } },
  ])("leaves an unknown type with $name", ({ type, content }) => {
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

  it.each<{ type: string; content: unknown; expected: unknown }>([
    {
      type: "im.vector.web.settings",
      content: { a: 1, "SpotlightSearch.recentSearches": ["!a", "!gone", "!upgraded:a", 7] },
      expected: { a: 1, "SpotlightSearch.recentSearches": ["!a", "!replacement:a"] },
    },
    {
      type: "im.vector.web.settings",
      content: { a: 1, "SpotlightSearch.recentSearches": ["!gone"] },
      expected: { a: 1 },
    },
    {
      type: "im.vector.setting.breadcrumbs",
      content: { recent_rooms: ["!upgraded:a", "!replacement:a", "!gone"] },
      expected: { recent_rooms: ["!replacement:a"] },
    },
    {
      type: "im.vector.riot.breadcrumb_rooms",
      content: { rooms: ["!gone", "!a"] },
      expected: { rooms: ["!a"] },
    },
    {
      type: "im.vector.setting.breadcrumbs",
      content: { recent_rooms: "!gone" },
      expected: { recent_rooms: "!gone" },
    },
    {
      type: "m.image_pack.rooms",
      content: { rooms: { "!upgraded:a": { "": {} }, "!gone": { x: {} } } },
      expected: { rooms: { "!replacement:a": { "": {} }, "!gone": { x: {} } } },
    },
  ])("names rooms in $type as they are on the target", ({ type, content, expected }) => {
    expect(written(type, content)).toEqual(expected);
  });

  it("reports lists of rooms that are not moved", () => {
    expect(compared({ "im.vector.setting.breadcrumbs": { recent_rooms: ["!gone"] } }).left).toEqual([
      "im.vector.setting.breadcrumbs: room_not_moved",
    ]);
  });

  it("treats empty content as absent, reports content that is no object, and leaves other categories alone", () => {
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
