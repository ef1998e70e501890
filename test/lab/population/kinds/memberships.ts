import { joined, needsModerator, planned } from "../expectations.ts";
import { changeMember, join, knock, leave } from "../session.ts";
import { kind } from "./kind.ts";
import type { Kind } from "./kind.ts";

/** Rooms by what the two accounts are in them. */
export const MEMBERSHIP_KINDS: readonly Kind[] = [
  kind("source-banned", "The source is banned: it is in the room no more.", async (stage) => {
    const { admin, source } = stage.cast;
    const room = await stage.room({ joinRule: "public" });
    await changeMember(admin, "ban", room.roomId, source.userId);
    return { room, expected: null };
  }),

  kind("source-thrown-out", "The source was removed; the server still tells of it.", async (stage) => {
    const { admin, source } = stage.cast;
    const room = await stage.room({ joinRule: "public" });
    await changeMember(admin, "kick", room.roomId, source.userId);
    return { room, expected: null };
  }),

  kind("source-left", "The source has left.", async (stage) => {
    const room = await stage.room({ joinRule: "public" });
    await leave(stage.cast.source, room.roomId);
    return { room, expected: null };
  }),

  kind("source-invited", "The source is invited and has not answered.", async (stage) => {
    const { admin, source } = stage.cast;
    const room = await stage.room({ members: [], invited: [source.userId] });
    return { room, expected: needsModerator("source_not_joined", [admin.userId]) };
  }),

  kind(
    "source-invited-public",
    "The source is invited to a public room and has not answered.",
    async (stage) => {
      const { admin, source } = stage.cast;
      const room = await stage.room({ joinRule: "public", members: [], invited: [source.userId] });
      return { room, expected: needsModerator("source_not_joined", [admin.userId]) };
    },
  ),

  kind(
    "source-invited-from-afar",
    "The source is invited by somebody on the new server, to a room its own server is not in.",
    async (stage) => {
      const { foreigner, source } = stage.cast;
      const room = await stage.room({ by: foreigner, members: [], invited: [source.userId] });
      return { room, expected: needsModerator("source_not_joined", [foreigner.userId]) };
    },
  ),

  kind("source-knocks", "The source has knocked and waits.", async (stage) => {
    const { admin, source } = stage.cast;
    const room = await stage.room({ joinRule: "knock", members: [] });
    await knock(source, room.roomId, admin.serverName);
    return { room, expected: needsModerator("source_not_joined", []) };
  }),

  kind("target-joined", "Both accounts are in.", async (stage) => {
    const { admin, target } = stage.cast;
    const room = await stage.room({ joinRule: "public" });
    await join(target, room.roomId, admin.serverName);
    return { room, expected: joined() };
  }),

  kind(
    "target-invited",
    "The target is invited already; the source could not have done it.",
    async (stage) => ({
      room: await stage.room({ invited: [stage.cast.target.userId] }),
      expected: planned("accept_invite"),
    }),
  ),

  kind("target-invited-public", "The target is invited to a public room.", async (stage) => ({
    room: await stage.room({ joinRule: "public", invited: [stage.cast.target.userId] }),
    expected: planned("accept_invite"),
  })),

  kind("both-invited", "Both accounts are invited.", async (stage) => {
    const { source, target } = stage.cast;
    const room = await stage.room({ members: [], invited: [source.userId, target.userId] });
    return { room, expected: planned("accept_invite") };
  }),

  kind("target-declined", "The target was invited once and has declined.", async (stage) => {
    const { target } = stage.cast;
    const room = await stage.room({ inviteLevel: 0, invited: [target.userId] });
    await leave(target, room.roomId);
    return { room, expected: planned("invite") };
  }),

  kind(
    "invitation-withdrawn",
    "The target was invited once; the invitation was taken back.",
    async (stage) => {
      const { admin, target } = stage.cast;
      const room = await stage.room({ invited: [target.userId] });
      await changeMember(admin, "kick", room.roomId, target.userId);
      return { room, expected: needsModerator("no_invite_power", [admin.userId]) };
    },
  ),
];
