import { impossible, needsModerator, planned } from "../expectations.ts";
import { joinRules } from "../room-fixture.ts";
import { setState } from "../session.ts";
import type { Kind } from "./kind.ts";
import { kind } from "./kind.ts";
import { restricted, row, through } from "./restricted.ts";

/**
 * What differs by room version. Rooms of a version that the new server lacks cannot be made,
 * because two servers of one kind know the same versions.
 */
export const ROOM_VERSION_KINDS: readonly Kind[] = [
  kind(
    "version-1-public",
    "Version 1: its ID was chosen by the server, its events have IDs of that kind too.",
    async (fixture) => ({
      room: await fixture.room({ version: "1", joinRule: "public" }),
      expected: planned("join"),
    }),
  ),

  kind("version-1-own", "Version 1, made by the source.", async (fixture) => ({
    room: await fixture.room({ version: "1", by: fixture.people.source, members: [fixture.people.member] }),
    expected: planned("invite", { warnings: ["last_admin"] }),
  })),

  kind("version-5", "Version 5; everybody may invite.", async (fixture) => ({
    room: await fixture.room({ version: "5", inviteLevel: 0 }),
    expected: planned("invite"),
  })),

  kind("version-6", "Version 6; the source may not invite.", async (fixture) => ({
    room: await fixture.room({ version: "6" }),
    expected: needsModerator("no_invite_power", [fixture.people.admin.userId]),
  })),

  kind(
    "version-6-knock",
    "Knocking in a version that does not know it: nobody new may join.",
    async (fixture) => {
      const room = await fixture.room({ version: "6" });
      await setState(fixture.people.admin, room.roomId, joinRules("knock"));
      return { room, expected: impossible("unknown_join_rule") };
    },
  ),

  {
    name: "version-7-restricted",
    what: "A restricted room in a version that does not know such: nobody new may join.",
    names: 2,
    make: async (fixture) => {
      const space = await fixture.room({ joinRule: "public", isSpace: true });
      const room = await fixture.room({ version: "7" });
      await setState(fixture.people.admin, room.roomId, joinRules("restricted", [space.roomId]));
      return [
        row("public-space", space, planned("join")),
        row("version-7-restricted", room, impossible("unknown_join_rule")),
      ];
    },
  },

  {
    name: "version-9-restricted",
    what: "A restricted room in the first version that has them without a flaw.",
    names: 2,
    make: async (fixture) => {
      const space = await fixture.room({ version: "9", joinRule: "public", isSpace: true });
      const room = await restricted(fixture, [space], { version: "9" });
      return [row("public-space", space, planned("join")), row("version-9-restricted", room, through(space))];
    },
  },

  kind("version-10-knock", "Version 10; knocking.", async (fixture) => ({
    room: await fixture.room({ version: "10", joinRule: "knock" }),
    expected: planned("knock", { reason: "no_invite_power", helpers: [fixture.people.admin.userId] }),
  })),

  kind("version-12-public", "Version 12: the room's ID names no server.", async (fixture) => ({
    room: await fixture.room({ version: "12", joinRule: "public" }),
    expected: planned("join"),
  })),

  kind(
    "version-12-creator",
    "Version 12, made by the source: it may do anything, without standing among the levels.",
    async (fixture) => ({
      room: await fixture.room({
        version: "12",
        by: fixture.people.source,
        members: [fixture.people.member],
      }),
      expected: planned("invite", { warnings: ["creator_not_transferable"] }),
    }),
  ),

  kind(
    "version-12-additional-creator",
    "Version 12, the source named as a creator by who made it.",
    async (fixture) => ({
      room: await fixture.room({
        version: "12",
        creation: { additional_creators: [fixture.people.source.userId] },
      }),
      expected: planned("invite", { warnings: ["creator_not_transferable"] }),
    }),
  ),

  kind(
    "version-12-other-creator",
    "Version 12, made by somebody else, who helps before anybody with a level.",
    async (fixture) => {
      const { source, admin, moderator } = fixture.people;
      const room = await fixture.room({
        version: "12",
        users: { [moderator.userId]: 9001 },
        members: [source, moderator],
      });
      return { room, expected: needsModerator("no_invite_power", [admin.userId, moderator.userId]) };
    },
  ),
];
