import { impossible, needsModerator, needsUser, planned } from "../expectations.ts";
import type { NewState } from "../session.ts";
import { changeMember, join, leave } from "../session.ts";
import type { Kind } from "./kind.ts";
import { kind } from "./kind.ts";

/**
 * Rooms that shut out the new server or the new account. All are public, so that nothing else is in
 * the way.
 */
export const SHUT_OUT_KINDS: readonly Kind[] = [
  kind("not-federated", "For accounts of the old server only.", async (fixture) => ({
    room: await fixture.room({ joinRule: "public", inviteLevel: 0, creation: { "m.federate": false } }),
    expected: impossible("not_federated"),
  })),

  kind("acl-harmless", "A server ACL that shuts out others.", async (fixture) => ({
    room: await fixture.room({
      joinRule: "public",
      state: [acl({ allow: ["*"], deny: ["*.evil.example"], allow_ip_literals: false })],
    }),
    expected: planned("join"),
  })),

  withOwnHosts(
    kind("acl", "A server ACL shuts the new server out; somebody else may change it.", async (fixture) => ({
      room: await fixture.room({
        joinRule: "public",
        state: [acl({ allow: ["*"], deny: [hostOf(fixture.people.target.serverName)] })],
      }),
      expected: needsModerator("server_acl", [fixture.people.admin.userId]),
    })),
  ),

  withOwnHosts(
    kind(
      "acl-allow-list",
      "A server ACL lets in only servers with a name like the old one's.",
      async (fixture) => {
        const first = hostOf(fixture.people.source.serverName).slice(0, 1);
        const room = await fixture.room({
          joinRule: "public",
          state: [acl({ allow: [`${first}*`, "?.example"] })],
        });
        return { room, expected: needsModerator("server_acl", [fixture.people.admin.userId]) };
      },
    ),
  ),

  withOwnHosts(
    kind(
      "acl-own",
      "A server ACL shuts the new server out; only the source may change it.",
      async (fixture) => {
        const { source, member, target } = fixture.people;
        const state = [acl({ allow: ["*"], deny: [hostOf(target.serverName).toUpperCase()] })];
        const room = await fixture.room({ by: source, joinRule: "public", members: [member], state });
        return { room, expected: needsUser("server_acl") };
      },
    ),
  ),

  withOwnHosts(
    kind(
      "acl-nobody",
      "A server ACL shuts the new server out; nobody is left who may change it.",
      async (fixture) => {
        const { source, admin, member, target } = fixture.people;
        const state = [acl({ allow: ["*"], deny: [hostOf(target.serverName)] })];
        const room = await fixture.room({ joinRule: "public", members: [source, member], state });
        await leave(admin, room.roomId);
        return { room, expected: impossible("no_helper") };
      },
    ),
  ),

  kind("target-banned", "The target is banned; somebody else may lift it.", async (fixture) => {
    const { admin, target } = fixture.people;
    const room = await fixture.room({ joinRule: "public" });
    await changeMember(admin, "ban", room.roomId, target.userId);
    return { room, expected: needsModerator("target_banned", [admin.userId]) };
  }),

  kind(
    "target-banned-both",
    "The target is banned; the source may lift it, and somebody else too.",
    async (fixture) => {
      const { admin, source, target } = fixture.people;
      const room = await fixture.room({ joinRule: "public", users: { [source.userId]: 50 } });
      await changeMember(admin, "ban", room.roomId, target.userId);
      return { room, expected: needsModerator("target_banned", [admin.userId]) };
    },
  ),

  kind("target-banned-own", "The target is banned; only the source may lift it.", async (fixture) => {
    const { source, member, target } = fixture.people;
    const room = await fixture.room({ by: source, joinRule: "public", members: [member] });
    await changeMember(source, "ban", room.roomId, target.userId);
    return { room, expected: needsUser("target_banned") };
  }),

  kind("target-banned-nobody", "The target is banned; nobody is left who may lift it.", async (fixture) => {
    const { admin, source, member, target } = fixture.people;
    const room = await fixture.room({ joinRule: "public", members: [source, member] });
    await changeMember(admin, "ban", room.roomId, target.userId);
    await leave(admin, room.roomId);
    return { room, expected: impossible("no_helper") };
  }),

  kind("target-unbanned", "The target was banned once; that was lifted.", async (fixture) => {
    const { admin, target } = fixture.people;
    const room = await fixture.room({ joinRule: "public" });
    await changeMember(admin, "ban", room.roomId, target.userId);
    await changeMember(admin, "unban", room.roomId, target.userId);
    return { room, expected: planned("join") };
  }),

  kind(
    "target-banned-inside",
    "The target was in and was banned: its own server knows too.",
    async (fixture) => {
      const { admin, target, foreigner, source } = fixture.people;
      const room = await fixture.room({ joinRule: "public", members: [source, foreigner] });
      await join(target, room.roomId, admin.serverName);
      await changeMember(admin, "ban", room.roomId, target.userId);
      return { room, expected: needsModerator("target_banned", [admin.userId]) };
    },
  ),
];

function acl(content: unknown): NewState {
  return { type: "m.room.server_acl", content };
}

/** Server ACLs compare names without ports (CS §Server Access Control Lists). */
export function hostOf(serverName: string): string {
  return serverName.replace(/:\d+$/, "");
}

function withOwnHosts(made: Kind): Kind {
  return { ...made, needsOwnHosts: true };
}
