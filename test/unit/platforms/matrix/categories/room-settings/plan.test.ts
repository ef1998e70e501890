import { expect, it } from "vitest";
import { roomSettingsPlan } from "../../../../../../src/platforms/matrix/categories/room-settings/plan.ts";
import type { ContentsSketch } from "../contents-sketch.ts";
import { inShort, newAccount, oldAccount, roomIdOnTarget } from "../contents-sketch.ts";

type Settings = NonNullable<ContentsSketch["roomAccountData"]>;
const unread = { "m.marked_unread": { unread: true } };
const widgets = "im.vector.setting.allowed_widgets";

it.each<{
  name: string;
  source: Settings;
  target: Settings;
  present: number;
  missing: string[];
  left: string[];
}>([
  {
    name: "names each by room and type",
    source: { "!a": { ...unread, "org.matrix.msc3230.space_order": { order: "x" } } },
    target: {},
    present: 0,
    missing: ["!a m.marked_unread", "!a org.matrix.msc3230.space_order"],
    left: [],
  },
  {
    name: "counts what is there",
    source: { "!a": unread },
    target: { "!a": unread },
    present: 1,
    missing: [],
    left: [],
  },
  {
    name: "does not mark a room unread again that was read on the target",
    source: { "!a": unread },
    target: { "!a": { "m.marked_unread": { unread: false } } },
    present: 0,
    missing: [],
    left: ["!a m.marked_unread: target_has_own"],
  },
  {
    name: "does not mark a room unread again that was read on the target by another client",
    source: { "!a": { "com.famedly.marked_unread": { unread: true } } },
    target: { "!a": { "m.marked_unread": { unread: false } } },
    present: 0,
    missing: [],
    left: ["!a com.famedly.marked_unread: target_has_own"],
  },
  {
    name: "has nothing to move for rooms that are not unread any more",
    source: { "!a": { "m.marked_unread": { unread: false }, "com.famedly.marked_unread": {} } },
    target: {},
    present: 0,
    missing: [],
    left: [],
  },
  {
    name: "moves the older name too",
    source: { "!a": { "com.famedly.marked_unread": { unread: true } } },
    target: {},
    present: 0,
    missing: ["!a com.famedly.marked_unread"],
    left: [],
  },
  {
    name: "merges allowed widgets",
    source: { "!a": { [widgets]: { $1: true } } },
    target: { "!a": { [widgets]: { $2: true } } },
    present: 0,
    missing: [`!a ${widgets}`],
    left: [],
  },
  {
    name: "leaves tags and read markers to their own categories",
    source: { "!a": { "m.fully_read": { event_id: "$1" }, "m.tag": { tags: {} } } },
    target: {},
    present: 0,
    missing: [],
    left: [],
  },
  {
    name: "follows a room to its replacement, whose own settings count more",
    source: { "!upgraded:a": { "a.b": { x: 1 }, "a.c": { x: 1 } }, "!replacement:a": { "a.b": { x: 2 } } },
    target: { "!replacement:a": { "a.b": { x: 2 } } },
    present: 1,
    missing: ["!replacement:a a.c"],
    left: [],
  },
  {
    name: "reports rooms that are not moved",
    source: { "!gone": unread },
    target: {},
    present: 0,
    missing: [],
    left: ["!gone m.marked_unread: room_not_moved"],
  },
  {
    name: "never moves what holds keys, in rooms as elsewhere",
    source: { "!a": { "m.key_backup": { enabled: false } }, "!gone": { "m.megolm_backup.v1": {} } },
    target: {},
    present: 0,
    missing: [],
    left: ["!a m.key_backup: holds_keys", "!gone m.megolm_backup.v1: holds_keys"],
  },
  {
    name: "leaves unknown types that look like secrets",
    source: { "!a": { "org.example.x": { token: "x" } } },
    target: {},
    present: 0,
    missing: [],
    left: ["!a org.example.x: looks_secret"],
  },
  {
    name: "reports content that is no object",
    source: { "!a": { "m.marked_unread": null, "org.example.x": [] } },
    target: {},
    present: 0,
    missing: [],
    left: ["!a m.marked_unread: malformed", "!a org.example.x: malformed"],
  },
])("$name", ({ source, target, present, missing, left }) => {
  const comparison = roomSettingsPlan.compare(
    oldAccount({ roomAccountData: source }),
    newAccount({ roomAccountData: target }),
    roomIdOnTarget,
  );
  expect(inShort(comparison)).toEqual({ present, missing, left });
});
