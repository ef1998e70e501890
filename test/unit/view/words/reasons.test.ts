import { describe, expect, it } from "vitest";
import type { Reason, Warning } from "../../../../src/model/routes.ts";
import { REASON_CODES, WARNING_CODES } from "../../../../src/model/routes.ts";
import { reasonText, warningText } from "../../../../src/view/words/reasons.ts";

const helper = (userId: string) => ({ userId, displayName: null, power: 100 });
const REASONS: [Reason, string][] = [
  [
    { code: "no_invite_power", required: 50, source: 0, isSourceJoined: true },
    "Inviting needs power 50; the old account has 0.",
  ],
  [
    { code: "no_invite_power", required: null, source: null, isSourceJoined: true },
    "The room's permissions cannot be read, so nobody knows who may invite.",
  ],
  [
    { code: "no_invite_power", required: null, source: null, isSourceJoined: false },
    "The old account is not in this room, so it cannot invite. Someone inside must.",
  ],
  [
    { code: "join_rule_private", isSourceAble: true },
    "The room is closed: nobody new can join, not even with an invitation. You can change that in the room's settings.",
  ],
  [
    { code: "unknown_join_rule", joinRule: "magic", roomVersion: "9" },
    "The room's rule for joining, “magic”, is not known in room version 9. An admin must choose another one.",
  ],
  [
    { code: "unknown_join_rule", joinRule: null, roomVersion: "9" },
    "The room's rule for joining is missing or invalid, so nobody new gets in. An admin must set it again.",
  ],
  [{ code: "not_federated", serverName: "old.example" }, "The room is only for accounts on old.example."],
  [
    { code: "server_acl", serverName: "new.example", isSourceAble: false },
    "The room shuts out the server new.example. Someone must take it off the room's list.",
  ],
  [
    { code: "source_server_acl", serverName: "old.example" },
    "The room shuts out the server old.example, so nothing that the old account does there reaches the others. Someone else must invite the new account.",
  ],
  [
    { code: "server_notices", serverName: "old.example" },
    "These are notices that the server old.example sends to its own accounts.",
  ],
  [
    { code: "unreadable", serverName: "new.example" },
    "The server new.example does not show this room just now. It is looked at again later.",
  ],
  [
    { code: "room_version", roomVersion: "12", isKnown: true, serverName: "new.example" },
    "The server new.example does not support room version 12. Its admin can update the server.",
  ],
  [
    { code: "room_version", roomVersion: "99", isKnown: false, serverName: null },
    "Room version 99 is not known, so its rules are not either.",
  ],
  [
    { code: "room_version", roomVersion: null, isKnown: false, serverName: null },
    "The room does not say which version it has, so its rules are not known.",
  ],
  [
    { code: "target_banned", isSourceAble: true },
    "The new account is banned from the room. Your old account may lift the ban.",
  ],
  [{ code: "source_banned" }, "The old account is banned from the room. The bot does not bypass a ban."],
  [
    { code: "source_not_joined", membership: "invite", inviter: "@a:x" },
    "The old account is invited but has not joined. Ask @a:x to invite the new account; they may have left the room since.",
  ],
  [
    { code: "source_not_joined", membership: "knock", inviter: null },
    "The old account only asked to join. Ask again with the new account.",
  ],
  [
    { code: "space_unreachable", through: "!s:x" },
    "The room is open to members of a space that the new account cannot join by itself.",
  ],
  [
    { code: "space_unreachable", through: "!s:x", isReplaced: true },
    "The room is open to members of a space that the new account cannot join by itself. That space was replaced by a newer one: an admin can put the newer one into the room's rule.",
  ],
  [{ code: "invite_blocked" }, "The new account's settings refuse invitations. Allow them, then plan again."],
  [
    { code: "no_helper", help: "invite", required: 50 },
    "Inviting needs power 50, and nobody in the room may do it.",
  ],
  [
    { code: "no_helper", help: "invite", required: null, isEmpty: true },
    "Nobody is left in the room, so nobody can let anyone in.",
  ],
  [{ code: "no_helper", help: "unban", required: null }, "Lifting the ban: nobody in the room may do it."],
  [
    { code: "blocked_by_server", serverText: "Too large." },
    "The new server keeps this room out. Its admin could allow it. It says: Too large.",
  ],
  [
    { code: "account_limit", serverText: "Ten rooms are free." },
    "Your own server lets the account join or invite no more. It says: Ten rooms are free.",
  ],
  [{ code: "unreachable_server", serverText: null }, "No server of this room answers. Try again later."],
  [{ code: "refused", serverText: "Go away" }, "The server refused. It says: Go away"],
];
const WARNINGS: [Warning, string][] = [
  [
    { code: "history_hidden", visibility: "invited" },
    "New members see only what is written after they are invited.",
  ],
  [{ code: "history_hidden", visibility: null }, "Old messages may be hidden from new members."],
  [{ code: "encrypted_history" }, "Encrypted: old messages stay unreadable until their keys are copied."],
  [
    {
      code: "power_not_transferable",
      wanted: 50,
      source: 50,
      required: 100,
      isSourceShutOut: false,
      helpers: ["@a:x", "@b:x", "@c:x", "@d:x"].map(helper),
    },
    "The new account cannot get power 50 from the old one: that needs power 100, the old account has 50. @a:x, @b:x, @c:x and others could give it.",
  ],
  [
    {
      code: "power_not_transferable",
      wanted: 50,
      source: 0,
      required: null,
      isSourceShutOut: false,
      helpers: [],
    },
    "The new account cannot get power 50 from the old one. Nobody else in the room could give it.",
  ],
  [
    {
      code: "power_not_transferable",
      wanted: 50,
      source: 100,
      required: 100,
      isSourceShutOut: true,
      helpers: [],
    },
    "The new account cannot get power 50 from the old one: the room shuts out the old account's server. Nobody else in the room could give it.",
  ],
  [
    { code: "creator_not_transferable", level: 150 },
    "Being a room's creator cannot be passed on. The new account gets power 150.",
  ],
  [
    { code: "last_admin" },
    "Nobody else here can change permissions. Do not leave before the new account can.",
  ],
  [{ code: "only_member" }, "The old account is alone in this room."],
  [
    { code: "policy_server", serverName: "p.example" },
    "The server p.example checks what is sent in this room and may refuse.",
  ],
];

describe("sentences", () => {
  it.each(REASONS)("says $code", (reason, text) => expect(reasonText(reason)).toBe(text));
  it.each(WARNINGS)("warns of $code", (warning, text) => expect(warningText(warning)).toBe(text));
  it("has one for every code", () => {
    expect(new Set(REASONS.map(([reason]) => reason.code))).toEqual(new Set(REASON_CODES));
    expect(new Set(WARNINGS.map(([warning]) => warning.code))).toEqual(new Set(WARNING_CODES));
  });
});
