import { expect, it } from "vitest";
import { roomSettingsPlan } from "../../../../../../src/platforms/matrix/categories/room-settings/plan.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget, short } from "../contents-sketch.ts";
import type { ContentsSketch } from "../contents-sketch.ts";

type Settings = NonNullable<ContentsSketch["roomAccountData"]>;
const unread = { "m.marked_unread": { unread: true } };
const widgets = "im.vector.setting.allowed_widgets";

it.each<[string, Settings, Settings, number, string[], string[]]>([
  [
    "names each by room and type",
    { "!a": { ...unread, "org.matrix.msc3230.space_order": { order: "x" } } },
    {},
    0,
    ["!a m.marked_unread", "!a org.matrix.msc3230.space_order"],
    [],
  ],
  ["counts what is there", { "!a": unread }, { "!a": unread }, 1, [], []],
  [
    "does not mark a room unread again that was read on the target",
    { "!a": unread },
    { "!a": { "m.marked_unread": { unread: false } } },
    0,
    [],
    ["!a m.marked_unread: target_has_own"],
  ],
  [
    "has nothing to move for rooms that are not unread any more",
    { "!a": { "m.marked_unread": { unread: false }, "com.famedly.marked_unread": {} } },
    {},
    0,
    [],
    [],
  ],
  [
    "moves the older name too",
    { "!a": { "com.famedly.marked_unread": { unread: true } } },
    {},
    0,
    ["!a com.famedly.marked_unread"],
    [],
  ],
  [
    "merges allowed widgets",
    { "!a": { [widgets]: { $1: true } } },
    { "!a": { [widgets]: { $2: true } } },
    0,
    [`!a ${widgets}`],
    [],
  ],
  [
    "leaves tags and read markers to their own categories",
    { "!a": { "m.fully_read": { event_id: "$1" }, "m.tag": { tags: {} } } },
    {},
    0,
    [],
    [],
  ],
  [
    "follows a room to its replacement, whose own settings count more",
    { "!upgraded:a": { "a.b": { x: 1 }, "a.c": { x: 1 } }, "!replacement:a": { "a.b": { x: 2 } } },
    { "!replacement:a": { "a.b": { x: 2 } } },
    1,
    ["!replacement:a a.c"],
    [],
  ],
  [
    "tells of rooms that are not moved",
    { "!gone": unread },
    {},
    0,
    [],
    ["!gone m.marked_unread: room_not_moved"],
  ],
  [
    "never moves what holds keys, in rooms as elsewhere",
    { "!a": { "m.key_backup": { enabled: false } }, "!gone": { "m.megolm_backup.v1": {} } },
    {},
    0,
    [],
    ["!a m.key_backup: holds_keys", "!gone m.megolm_backup.v1: holds_keys"],
  ],
  [
    "leaves unknown types that look like secrets",
    { "!a": { "org.example.x": { token: "x" } } },
    {},
    0,
    [],
    ["!a org.example.x: looks_secret"],
  ],
  [
    "tells of content that is no object",
    { "!a": { "m.marked_unread": null, "org.example.x": [] } },
    {},
    0,
    [],
    ["!a m.marked_unread: malformed", "!a org.example.x: malformed"],
  ],
])("%s", (_name, source, target, ...expected) => {
  const comparison = roomSettingsPlan.compare(
    oldAccount({ roomAccountData: source }),
    newAccount({ roomAccountData: target }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual(short(...expected));
});
