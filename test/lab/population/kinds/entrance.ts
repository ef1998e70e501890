import { impossible, needsModerator, planned } from "../expectations.ts";
import { joinRules } from "../room-fixture.ts";
import { knock, leave, redact, setState } from "../session.ts";
import type { Kind } from "./kind.ts";
import { kind } from "./kind.ts";

/** Rooms by their join rule and by who may invite. */
export const ENTRANCE_KINDS: readonly Kind[] = [
  // This kind takes longest to make, so it starts first.
  kind("many-helpers", "Thirty people may invite: ten are named.", async (fixture) => {
    const { source, allOldPeople } = fixture.people;
    const [first, ...others] = allOldPeople.slice(0, 30);
    const levels = others.map((person, index): [string, number] => [
      person.userId,
      50 + others.length - index,
    ]);
    const room = await fixture.room({
      ...(first === undefined ? {} : { by: first }),
      users: Object.fromEntries(levels),
      members: [source, ...others],
    });
    const helpers = allOldPeople.slice(0, 10).map((person) => person.userId);
    return { room, expected: needsModerator("no_invite_power", helpers, { moreHelpers: 20 }) };
  }),

  kind("public", "Anybody may join.", async (fixture) => ({
    room: await fixture.room({ joinRule: "public" }),
    expected: planned("join"),
  })),

  kind("invite-power-0", "Invite only; everybody inside may invite.", async (fixture) => ({
    room: await fixture.room({ inviteLevel: 0 }),
    expected: planned("invite"),
  })),

  kind(
    "invite-able",
    "Inviting takes 50, which the source has; giving that level on takes 100.",
    async (fixture) => {
      const { source, moderator } = fixture.people;
      const room = await fixture.room({
        users: { [source.userId]: 50, [moderator.userId]: 50 },
        members: [source, moderator],
      });
      return { room, expected: planned("invite", { warnings: ["power_not_transferable"] }) };
    },
  ),

  kind("invite-unable", "Inviting takes 50, which the source has not.", async (fixture) => {
    const { source, admin, moderator, member } = fixture.people;
    const room = await fixture.room({
      users: { [moderator.userId]: 50 },
      members: [source, moderator, member],
    });
    return { room, expected: needsModerator("no_invite_power", [admin.userId, moderator.userId]) };
  }),

  kind("invite-muted", "Everybody may invite but the source, whose level is below zero.", async (fixture) => {
    const { source, admin } = fixture.people;
    const room = await fixture.room({ inviteLevel: 0, users: { [source.userId]: -1 } });
    return { room, expected: needsModerator("no_invite_power", [admin.userId]) };
  }),

  kind("no-helper", "Inviting takes 50; everybody who had it has left.", async (fixture) => {
    const { source, admin, moderator, member } = fixture.people;
    const room = await fixture.room({
      users: { [moderator.userId]: 50 },
      members: [source, moderator, member],
    });
    await leave(moderator, room.roomId);
    await leave(admin, room.roomId);
    return { room, expected: impossible("no_helper") };
  }),

  kind("knock", "Anybody may ask to be let in; inviting takes 50.", async (fixture) => ({
    room: await fixture.room({ joinRule: "knock" }),
    expected: planned("knock", { reason: "no_invite_power", helpers: [fixture.people.admin.userId] }),
  })),

  kind("knock-able", "Knocking is possible, but the source may invite.", async (fixture) => ({
    room: await fixture.room({ joinRule: "knock", inviteLevel: 0 }),
    expected: planned("invite"),
  })),

  kind("knock-waiting", "The target has knocked already.", async (fixture) => {
    const { admin, target } = fixture.people;
    const room = await fixture.room({ joinRule: "knock" });
    await knock(target, room.roomId, admin.serverName);
    const details = {
      status: "needs_moderator",
      reason: "no_invite_power",
      helpers: [admin.userId],
    } as const;
    return { room, expected: planned("knock", details) };
  }),

  kind("knock-unanswered", "Knocking is possible, but nobody is left who could answer.", async (fixture) => {
    const { admin, source, member } = fixture.people;
    const room = await fixture.room({ joinRule: "knock", members: [source, member] });
    await leave(admin, room.roomId);
    return { room, expected: impossible("no_helper") };
  }),

  kind("private", "The rule `private`: not even who is invited may join.", async (fixture) => {
    const room = await fixture.room({ inviteLevel: 0 });
    await setState(fixture.people.admin, room.roomId, joinRules("private"));
    return { room, expected: impossible("join_rule_private") };
  }),

  kind("private-own", "The same, made by the source, which could change the rule.", async (fixture) => {
    const { source, member } = fixture.people;
    const room = await fixture.room({ by: source, members: [member] });
    await setState(source, room.roomId, joinRules("private"));
    return { room, expected: impossible("join_rule_private") };
  }),

  kind("unknown-rule", "A rule that no specification has.", async (fixture) => {
    const room = await fixture.room({ inviteLevel: 0 });
    await setState(fixture.people.admin, room.roomId, joinRules("org.example.by_password"));
    return { room, expected: impossible("unknown_join_rule") };
  }),

  kind(
    "redacted-levels",
    "The levels event of a version 10 room was redacted, which takes its `invite` away: 0.",
    async (fixture) => {
      const { admin, source } = fixture.people;
      const room = await fixture.room({ version: "10" });
      const content = { invite: 50, users: { [admin.userId]: 100, [source.userId]: 1 } };
      const eventId = await setState(admin, room.roomId, { type: "m.room.power_levels", content });
      await redact(admin, room.roomId, eventId);
      return { room, expected: planned("invite") };
    },
  ),
];
