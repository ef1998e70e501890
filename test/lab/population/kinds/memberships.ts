import { joined, needsModerator, planned } from "../expectations.ts";
import { changeMember, join, knock, leave } from "../session.ts";
import type { Kind } from "./kind.ts";
import { kind } from "./kind.ts";

/** Rooms by the two accounts' memberships. */
export const MEMBERSHIP_KINDS: readonly Kind[] = [
  kind("source-banned", "The source is banned: it is in the room no more.", async (fixture) => {
    const { admin, source } = fixture.people;
    const room = await fixture.room({ joinRule: "public" });
    await changeMember(admin, "ban", room.roomId, source.userId);
    return { room, expected: null };
  }),

  kind("source-thrown-out", "The source was removed; the server still tells of it.", async (fixture) => {
    const { admin, source } = fixture.people;
    const room = await fixture.room({ joinRule: "public" });
    await changeMember(admin, "kick", room.roomId, source.userId);
    return { room, expected: null };
  }),

  kind("source-left", "The source has left.", async (fixture) => {
    const room = await fixture.room({ joinRule: "public" });
    await leave(fixture.people.source, room.roomId);
    return { room, expected: null };
  }),

  kind("source-invited", "The source is invited and has not answered.", async (fixture) => {
    const { admin, source } = fixture.people;
    const room = await fixture.room({ members: [], invited: [source.userId] });
    return { room, expected: needsModerator("source_not_joined", [admin.userId]) };
  }),

  kind(
    "source-invited-public",
    "The source is invited to a public room and has not answered.",
    async (fixture) => {
      const { admin, source } = fixture.people;
      const room = await fixture.room({ joinRule: "public", members: [], invited: [source.userId] });
      return { room, expected: needsModerator("source_not_joined", [admin.userId]) };
    },
  ),

  kind(
    "source-invited-from-afar",
    "The source is invited by somebody on the new server, to a room its own server is not in.",
    async (fixture) => {
      const { foreigner, source } = fixture.people;
      const room = await fixture.room({ by: foreigner, members: [], invited: [source.userId] });
      return { room, expected: needsModerator("source_not_joined", [foreigner.userId]) };
    },
  ),

  kind("source-knocks", "The source has knocked and waits.", async (fixture) => {
    const { admin, source } = fixture.people;
    const room = await fixture.room({ joinRule: "knock", members: [] });
    await knock(source, room.roomId, admin.serverName);
    return { room, expected: needsModerator("source_not_joined", []) };
  }),

  kind("target-joined", "Both accounts are in.", async (fixture) => {
    const { admin, target } = fixture.people;
    const room = await fixture.room({ joinRule: "public" });
    await join(target, room.roomId, admin.serverName);
    return { room, expected: joined() };
  }),

  kind(
    "target-invited",
    "The target is invited already; the source could not have done it.",
    async (fixture) => ({
      room: await fixture.room({ invited: [fixture.people.target.userId] }),
      expected: planned("accept_invite"),
    }),
  ),

  kind("target-invited-public", "The target is invited to a public room.", async (fixture) => ({
    room: await fixture.room({ joinRule: "public", invited: [fixture.people.target.userId] }),
    expected: planned("accept_invite"),
  })),

  kind("both-invited", "Both accounts are invited.", async (fixture) => {
    const { source, target } = fixture.people;
    const room = await fixture.room({ members: [], invited: [source.userId, target.userId] });
    return { room, expected: planned("accept_invite") };
  }),

  kind("target-declined", "The target was invited once and has declined.", async (fixture) => {
    const { target } = fixture.people;
    const room = await fixture.room({ inviteLevel: 0, invited: [target.userId] });
    await leave(target, room.roomId);
    return { room, expected: planned("invite") };
  }),

  kind(
    "invitation-withdrawn",
    "The target was invited once; the invitation was taken back.",
    async (fixture) => {
      const { admin, target } = fixture.people;
      const room = await fixture.room({ invited: [target.userId] });
      await changeMember(admin, "kick", room.roomId, target.userId);
      return { room, expected: needsModerator("no_invite_power", [admin.userId]) };
    },
  ),
];
