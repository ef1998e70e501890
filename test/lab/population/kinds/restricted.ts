import { impossible, needsModerator, planned } from "../expectations.ts";
import type { Expected } from "../model.ts";
import type { MadeRoom, RoomFixture } from "../room-fixture.ts";
import { joinRules } from "../room-fixture.ts";
import { join, leave, setState } from "../session.ts";
import type { Kind, RoomOfKind } from "./kind.ts";
import { kind } from "./kind.ts";

/** Rooms that admit members of another room, with those other rooms. */
export const RESTRICTED_KINDS: readonly Kind[] = [
  {
    name: "restricted-public-space",
    what: "Open to the members of a public space.",
    names: 2,
    make: async (fixture) => {
      const space = await fixture.room({ joinRule: "public", isSpace: true });
      const room = await restricted(fixture, [space]);
      return [
        row("public-space", space, planned("join")),
        row("restricted-public-space", room, through(space)),
      ];
    },
  },
  {
    name: "restricted-invited-space",
    what: "Open to the members of a space into which the source may invite: one invitation for both.",
    names: 2,
    make: async (fixture) => {
      const space = await fixture.room({ inviteLevel: 0, isSpace: true });
      const room = await restricted(fixture, [space]);
      return [
        row("invited-space", space, planned("invite")),
        row("restricted-invited-space", room, through(space)),
      ];
    },
  },
  {
    name: "restricted-chain",
    what: "Three spaces, each open to the members of the one before, and a room open to those of the last.",
    names: 4,
    make: async (fixture) => {
      const top = await fixture.room({ joinRule: "public", isSpace: true });
      const middle = await restricted(fixture, [top], { isSpace: true });
      const bottom = await restricted(fixture, [middle], { isSpace: true });
      const room = await restricted(fixture, [bottom]);
      return [
        row("chain-top", top, planned("join")),
        row("chain-middle", middle, through(top)),
        row("chain-bottom", bottom, through(middle)),
        row("restricted-chain", room, through(bottom)),
      ];
    },
  },
  {
    name: "restricted-circle",
    what: "Two rooms open to each other's members; the source may invite into one.",
    names: 2,
    make: async (fixture) => {
      const [first, second] = await circle(fixture, 0);
      return [row("circle-invited", first, planned("invite")), row("circle-joined", second, through(first))];
    },
  },
  {
    name: "restricted-closed-circle",
    what: "Two rooms open to each other's members; the source may invite into none.",
    names: 2,
    make: async (fixture) => {
      const [first, second] = await circle(fixture, 50);
      return [
        row("closed-circle-1", first, unreachable(fixture, second)),
        row("closed-circle-2", second, unreachable(fixture, first)),
      ];
    },
  },
  {
    name: "restricted-closed-space",
    what: "Open to the members of a space into which the source may not invite.",
    names: 2,
    make: async (fixture) => {
      const { admin } = fixture.people;
      const space = await fixture.room({ isSpace: true });
      const room = await restricted(fixture, [space]);
      return [
        row("closed-space", space, needsModerator("no_invite_power", [admin.userId])),
        row("restricted-closed-space", room, unreachable(fixture, space)),
      ];
    },
  },
  {
    name: "restricted-other-peoples-space",
    what: "The same, where those who can help with the space are others than those who can help with the room.",
    names: 2,
    make: async (fixture) => {
      const { admin, moderator, source } = fixture.people;
      const space = await fixture.room({ by: moderator, isSpace: true, members: [source, admin] });
      const room = await restricted(fixture, [space]);
      const details = { through: space.roomId, isHelperOrderOpen: true };
      return [
        row("other-peoples-space", space, needsModerator("no_invite_power", [moderator.userId])),
        row(
          "restricted-other-peoples-space",
          room,
          needsModerator("space_unreachable", [admin.userId, moderator.userId], details),
        ),
      ];
    },
  },
  {
    name: "restricted-closed-space-able",
    what: "The space cannot be entered, but the source may invite into the room itself.",
    names: 2,
    make: async (fixture) => {
      const space = await fixture.room({ isSpace: true });
      const room = await restricted(fixture, [space], { inviteLevel: 0 });
      return [
        row("closed-space", space, needsModerator("no_invite_power", [fixture.people.admin.userId])),
        row("restricted-closed-space-able", room, planned("invite")),
      ];
    },
  },
  {
    name: "restricted-two-spaces",
    what: "Open to the members of two spaces, of which one can be entered.",
    names: 3,
    make: async (fixture) => {
      const closed = await fixture.room({ isSpace: true });
      const open = await fixture.room({ joinRule: "public", isSpace: true });
      const room = await restricted(fixture, [closed, open]);
      return [
        row("closed-space", closed, needsModerator("no_invite_power", [fixture.people.admin.userId])),
        row("public-space", open, planned("join")),
        row("restricted-two-spaces", room, through(open)),
      ];
    },
  },
  {
    name: "restricted-elsewhere",
    what: "Open to the members of a room that the source is not in.",
    names: 2,
    make: async (fixture) => {
      const other = await fixture.room({ members: [] });
      const room = await restricted(fixture, [other]);
      return [
        row("not-the-sources", other, null),
        row("restricted-elsewhere", room, needsModerator("no_invite_power", [fixture.people.admin.userId])),
      ];
    },
  },
  {
    name: "restricted-targets-space",
    what: "Open to the members of a space that the target is in, the source not.",
    names: 2,
    make: async (fixture) => {
      const { admin, target } = fixture.people;
      // The admin is in as well. A server can vouch for the target only where it sees the space's
      // members itself.
      const space = await fixture.room({ joinRule: "public", isSpace: true, members: [] });
      await join(target, space.roomId, admin.serverName);
      const room = await restricted(fixture, [space]);
      return [row("the-targets-space", space, null), row("restricted-targets-space", room, through(space))];
    },
  },
  {
    name: "restricted-nobody-vouches",
    what: "Open to the members of a public space, but nobody inside has the power that a server needs to vouch for the join.",
    names: 2,
    make: async (fixture) => {
      const { admin, source, member } = fixture.people;
      const space = await fixture.room({ joinRule: "public", isSpace: true });
      const room = await restricted(fixture, [space], { members: [source, member] });
      await leave(admin, room.roomId);
      return [
        row("public-space", space, planned("join")),
        row("restricted-nobody-vouches", room, impossible("no_helper")),
      ];
    },
  },
  {
    name: "knock-restricted",
    what: "Open to the members of a public space, to others after knocking.",
    names: 2,
    make: async (fixture) => {
      const space = await fixture.room({ joinRule: "public", isSpace: true });
      const room = await restricted(fixture, [space], { joinRule: "knock_restricted" });
      return [row("public-space", space, planned("join")), row("knock-restricted", room, through(space))];
    },
  },
  {
    name: "knock-restricted-closed-space",
    what: "Open to the members of a space that cannot be entered, to others after knocking.",
    names: 2,
    make: async (fixture) => {
      const helpers = [fixture.people.admin.userId];
      const space = await fixture.room({ isSpace: true });
      const room = await restricted(fixture, [space], { joinRule: "knock_restricted" });
      return [
        row("closed-space", space, needsModerator("no_invite_power", helpers)),
        // Knocking does not depend on the space, so the reason is the missing power.
        row("knock-restricted-closed-space", room, planned("knock", { reason: "no_invite_power", helpers })),
      ];
    },
  },
  kind(
    "restricted-malformed",
    "Restricted, but the list of rooms is no list: invite only.",
    async (fixture) => {
      const room = await fixture.room();
      const content = { join_rule: "restricted", allow: "everybody" };
      await setState(fixture.people.admin, room.roomId, { type: "m.room.join_rules", content });
      return { room, expected: needsModerator("no_invite_power", [fixture.people.admin.userId]) };
    },
  ),
];

/** A room open to the members of a given room. */
export function restricted(
  fixture: RoomFixture,
  allowed: readonly MadeRoom[],
  more: Parameters<RoomFixture["room"]>[0] = {},
): Promise<MadeRoom> {
  return fixture.room({ joinRule: "restricted", allow: allowed.map((room) => room.roomId), ...more });
}

async function circle(fixture: RoomFixture, inviteLevel: number): Promise<[MadeRoom, MadeRoom]> {
  const first = await fixture.room({ inviteLevel });
  const second = await restricted(fixture, [first]);
  await setState(fixture.people.admin, first.roomId, joinRules("restricted", [second.roomId]));
  return [first, second];
}

export function through(space: MadeRoom): Expected {
  return planned("join_restricted", { through: space.roomId });
}

/** The admin can help with either room. */
function unreachable(fixture: RoomFixture, space: MadeRoom): Expected {
  return needsModerator("space_unreachable", [fixture.people.admin.userId], { through: space.roomId });
}

export function row(name: string, room: MadeRoom, expected: Expected | null): RoomOfKind {
  return { kind: name, ...room, expected };
}
