import { needsModerator, planned, successor } from "../expectations.ts";
import type { MadeRoom } from "../room-fixture.ts";
import type { PopulationSession } from "../session.ts";
import { changeMember, join, redact, setState, upgrade } from "../session.ts";
import type { Kind } from "./kind.ts";
import { kind } from "./kind.ts";
import { restricted, row } from "./restricted.ts";

/**
 * Rooms that were replaced. At first the upgrader is alone in the replacement. Join rule and levels
 * are copied.
 */
export const UPGRADE_KINDS: readonly Kind[] = [
  {
    name: "upgraded",
    what: "Replaced by a public room, to which the source has not gone.",
    make: async (fixture) => {
      const { admin } = fixture.people;
      const old = await fixture.room({ version: "10", joinRule: "public" });
      const replacement = await replace(admin, old, "11");
      return [
        row("upgraded", old, successor(replacement.roomId, "planned")),
        row("replacement", replacement, null),
      ];
    },
  },
  {
    name: "upgraded-followed",
    what: "Replaced by a public room; the source is in both.",
    make: async (fixture) => {
      const { admin, source } = fixture.people;
      const old = await fixture.room({ version: "9", joinRule: "public" });
      const replacement = await replace(admin, old, "12");
      await join(source, replacement.roomId, admin.serverName);
      return [
        row("upgraded-followed", old, successor(replacement.roomId, "planned")),
        row("replacement-followed", replacement, planned("join")),
      ];
    },
  },
  {
    name: "upgraded-twice",
    what: "Replaced, and the replacement replaced again; the source is in the first two.",
    make: async (fixture) => {
      const { admin, source } = fixture.people;
      const first = await fixture.room({ version: "6", joinRule: "public" });
      const second = await replace(admin, first, "9");
      await join(source, second.roomId, admin.serverName);
      const third = await replace(admin, second, "11");
      return [
        row("upgraded-twice", first, successor(third.roomId, "planned")),
        row("upgraded-again", second, successor(third.roomId, "planned")),
        row("replacement", third, null),
      ];
    },
  },
  {
    name: "upgraded-twice-followed",
    what: "Replaced twice; the source is in all three.",
    make: async (fixture) => {
      const { admin, source } = fixture.people;
      const first = await fixture.room({ version: "6", inviteLevel: 0 });
      const second = await replace(admin, first, "10");
      await invite(admin, source, second.roomId);
      const third = await replace(admin, second, "11");
      await invite(admin, source, third.roomId);
      return [
        row("upgraded-twice-followed", first, successor(third.roomId, "planned")),
        row("upgraded-again-followed", second, successor(third.roomId, "planned")),
        row("replacement-followed", third, planned("invite")),
      ];
    },
  },
  {
    name: "upgraded-restricted",
    what: "Replaced by a room open to the members of a public space; the source has not gone there.",
    names: 2,
    make: async (fixture) => {
      const space = await fixture.room({ joinRule: "public", isSpace: true });
      const old = await restricted(fixture, [space], { version: "10" });
      const replacement = await replace(fixture.people.admin, old, "11");
      return [
        row("public-space", space, planned("join")),
        row("upgraded-restricted", old, successor(replacement.roomId, "planned", { through: space.roomId })),
        row("replacement", replacement, null),
      ];
    },
  },
  {
    name: "upgraded-invite-only",
    what: "Replaced by a room into which somebody has to invite; the source has not gone there.",
    make: async (fixture) => {
      const { admin } = fixture.people;
      const old = await fixture.room({ version: "10" });
      const replacement = await replace(admin, old, "11");
      const details = { reason: "no_invite_power", helpers: [admin.userId] } as const;
      return [
        row("upgraded-invite-only", old, successor(replacement.roomId, "needs_moderator", details)),
        row("replacement", replacement, null),
      ];
    },
  },
  {
    name: "upgraded-invite-only-followed",
    what: "Replaced by a room into which somebody else has to invite; the source is in both.",
    make: async (fixture) => {
      const { admin, source } = fixture.people;
      const old = await fixture.room({ version: "10" });
      const replacement = await replace(admin, old, "11");
      await invite(admin, source, replacement.roomId);
      return [
        row("upgraded-invite-only-followed", old, successor(replacement.roomId, "needs_moderator")),
        row("replacement-followed", replacement, needsModerator("no_invite_power", [admin.userId])),
      ];
    },
  },
  {
    name: "upgraded-targets",
    what: "Replaced by a room that the target is in already.",
    make: async (fixture) => {
      const { admin, target } = fixture.people;
      const old = await fixture.room({ version: "10", joinRule: "public" });
      const replacement = await replace(admin, old, "11");
      await join(target, replacement.roomId, admin.serverName);
      return [
        row("upgraded-targets", old, successor(replacement.roomId, "done")),
        row("replacement", replacement, null),
      ];
    },
  },
  kind(
    "upgrade-taken-back",
    "The event that names a replacement was redacted: a room like any other.",
    async (fixture) => {
      const { admin } = fixture.people;
      const room = await fixture.room({ joinRule: "public" });
      const content = { body: "We meet elsewhere.", replacement_room: "!elsewhere:gone.example" };
      await redact(
        admin,
        room.roomId,
        await setState(admin, room.roomId, { type: "m.room.tombstone", content }),
      );
      return { room, expected: planned("join") };
    },
  ),
];

async function replace(by: PopulationSession, old: MadeRoom, version: string): Promise<MadeRoom> {
  return { roomId: await upgrade(by, old.roomId, version), name: old.name };
}

async function invite(by: PopulationSession, person: PopulationSession, roomId: string): Promise<void> {
  await changeMember(by, "invite", roomId, person.userId);
  await join(person, roomId, by.serverName);
}
