import { apiPath } from "../../../../src/platforms/matrix/api/homeserver-client.ts";
import { needsModerator, planned } from "../expectations.ts";
import type { NewState } from "../session.ts";
import { put, setState } from "../session.ts";
import type { Kind } from "./kind.ts";
import { kind } from "./kind.ts";
import { restricted, row, through } from "./restricted.ts";

/** Rooms with content that a plan must read or report. */
export const CONTENT_KINDS: readonly Kind[] = [
  {
    name: "space",
    what: "A space with a room, a room of others, a nested space, and a child that was taken out.",
    names: 4,
    make: async (fixture) => {
      const { admin } = fixture.people;
      const space = await fixture.room({ joinRule: "public", isSpace: true });
      const nested = await restricted(fixture, [space], {
        isSpace: true,
        state: [parent(space.roomId, admin.serverName)],
      });
      const child = await fixture.room({ joinRule: "public" });
      const elsewhere = await fixture.room({ joinRule: "public", members: [] });
      const via = { via: [admin.serverName] };
      for (const [inside, content] of [
        [nested, { ...via, order: "a" }],
        [child, { ...via, suggested: true }],
        [elsewhere, via],
      ] as const) {
        await setState(admin, space.roomId, { type: "m.space.child", stateKey: inside.roomId, content });
      }
      await setState(admin, nested.roomId, { type: "m.space.child", stateKey: child.roomId, content: {} });
      return [
        row("space", space, planned("join")),
        row("nested-space", nested, through(space)),
        row("child-of-space", child, planned("join")),
        row("child-of-others", elsewhere, null),
      ];
    },
  },

  kind("encrypted", "End-to-end encrypted.", async (fixture) => ({
    room: await fixture.room({
      inviteLevel: 0,
      state: [{ type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
    }),
    expected: planned("invite", { warnings: ["encrypted_history"] }),
  })),

  kind("history-joined", "Members read from their joining on.", async (fixture) => ({
    room: await fixture.room({ inviteLevel: 0, state: [visibility("joined")] }),
    expected: planned("invite", { warnings: ["history_hidden"] }),
  })),

  kind("history-invited", "Members read from their invitation on.", async (fixture) => ({
    room: await fixture.room({ inviteLevel: 0, state: [visibility("invited")] }),
    expected: planned("invite", { warnings: ["history_hidden"] }),
  })),

  kind("history-world-readable", "Anybody may read.", async (fixture) => ({
    room: await fixture.room({ joinRule: "public", state: [visibility("world_readable")] }),
    expected: planned("join"),
  })),

  kind("last-admin", "Of the members only the source may give power.", async (fixture) => {
    const { source, member } = fixture.people;
    const room = await fixture.room({ by: source, members: [member] });
    return { room, expected: planned("invite", { warnings: ["last_admin"] }) };
  }),

  kind(
    "policy-server",
    "A policy server has its say on every event; this one is not in the room, so it is not asked.",
    async (fixture) => {
      const content = {
        via: "policy.example",
        public_keys: { ed25519: "6yhHGKhCiXTSEN2ksjV7kX/FRYfCVMuRjGRcVMIaXi8" },
      };
      const room = await fixture.room({ joinRule: "public", state: [{ type: "m.room.policy", content }] });
      return { room, expected: planned("join", { warnings: ["policy_server"] }) };
    },
  ),

  kind("bridged", "Of two who may invite one is a bridge, by the room's own word.", async (fixture) => {
    const { source, moderator, bridge } = fixture.people;
    const room = await fixture.room({
      by: bridge,
      users: { [moderator.userId]: 50 },
      members: [source, moderator],
      state: [{ type: "io.element.functional_members", content: { service_members: [bridge.userId] } }],
    });
    return { room, expected: needsModerator("no_invite_power", [moderator.userId]) };
  }),

  kind(
    "strange-texts",
    "A name with HTML and direction characters, and a topic of 60 kB.",
    async (fixture) => ({
      room: await fixture.room({
        joinRule: "public",
        name: `<b onclick="x()">Team</b> @room \u202Egnp.exe\u202C\u200B [click](https://evil.example)\n\`\`\` ${fixture.tag}`,
        // A state event of our own: /createRoom writes the text twice, and an event has room for
        // one (65,536 bytes).
        state: [
          {
            type: "m.room.topic",
            content: { topic: "<script>alert(1)</script> ".repeat(2_400).slice(0, 60_000) },
          },
        ],
      }),
      expected: planned("join"),
    }),
  ),

  kind("aliases", "A main alias and another, both of the old server.", async (fixture) => {
    const { admin } = fixture.people;
    const room = await fixture.room({ joinRule: "public", alias: `hall-${fixture.tag}` });
    const [alias, other] = ["hall", "room"].map((word) => `#${word}-${fixture.tag}:${admin.serverName}`);
    await put(admin, apiPath`/_matrix/client/v3/directory/room/${other ?? ""}`, { room_id: room.roomId });
    await setState(admin, room.roomId, {
      type: "m.room.canonical_alias",
      content: { alias, alt_aliases: [other] },
    });
    return { room, expected: planned("join") };
  }),

  kind("nameless", "No name; clients call it by its members.", async (fixture) => ({
    room: await fixture.room({ name: "", inviteLevel: 0 }),
    expected: planned("invite"),
  })),

  kind("federated", "Made by somebody on the new server, with people of both.", async (fixture) => {
    const { source, foreigner, member } = fixture.people;
    const room = await fixture.room({ by: foreigner, members: [source, member] });
    return { room, expected: needsModerator("no_invite_power", [foreigner.userId]) };
  }),
];

function visibility(value: string): NewState {
  return { type: "m.room.history_visibility", content: { history_visibility: value } };
}

function parent(roomId: string, via: string): NewState {
  return { type: "m.space.parent", stateKey: roomId, content: { via: [via], canonical: true } };
}
