import { impossible, planned } from "../expectations.ts";
import type { Expected } from "../model.ts";
import type { MadeRoom, RoomFixture } from "../room-fixture.ts";
import type { PopulationSession } from "../session.ts";
import { leave } from "../session.ts";
import type { Kind } from "./kind.ts";
import { kind } from "./kind.ts";

/** Direct chats and rooms with nobody else in them. */
export const DIRECT_KINDS: readonly Kind[] = [
  kind("direct", "A direct chat with somebody on the old server.", async (fixture) => {
    const contact = fixture.people.member;
    return { room: await chat(fixture, contact), expected: planned("invite"), directWith: contact.userId };
  }),

  kind("direct-new-server", "A direct chat with somebody on the new server.", async (fixture) => {
    const contact = fixture.people.foreigner;
    return { room: await chat(fixture, contact), expected: planned("invite"), directWith: contact.userId };
  }),

  kind("direct-theirs", "A direct chat that the other began.", async (fixture) => {
    const { source, moderator } = fixture.people;
    const room = await fixture.room({
      by: moderator,
      inviteLevel: 0,
      users: { [source.userId]: 100 },
      isDirect: true,
      state: [ENCRYPTION],
    });
    return {
      room,
      expected: planned("invite", { warnings: ["encrypted_history"] }),
      directWith: moderator.userId,
    };
  }),

  kind(
    "direct-version-12",
    "A direct chat in version 12, where both have made the room.",
    async (fixture) => {
      const { source, member } = fixture.people;
      const room = await fixture.room({
        by: source,
        version: "12",
        inviteLevel: 0,
        members: [member],
        isDirect: true,
        creation: { additional_creators: [member.userId] },
      });
      return {
        room,
        expected: planned("invite", { warnings: ["creator_not_transferable"] }),
        directWith: member.userId,
      };
    },
  ),

  kind("direct-contact-left", "A direct chat whose other side has left.", async (fixture) => {
    const contact = fixture.people.member;
    const room = await chat(fixture, contact);
    await leave(contact, room.roomId);
    return { room, expected: alone(), directWith: contact.userId };
  }),

  kind("direct-unanswered", "A direct chat to which the other side never came.", async (fixture) => {
    const { source, member } = fixture.people;
    const room = await fixture.room({
      by: source,
      inviteLevel: 0,
      members: [],
      invited: [member.userId],
      isDirect: true,
    });
    return { room, expected: alone(), directWith: member.userId };
  }),

  kind("notes-to-self", "A direct chat of the source with itself.", async (fixture) => {
    const { source } = fixture.people;
    return {
      room: await fixture.room({ by: source, inviteLevel: 0, members: [] }),
      expected: alone(),
      directWith: source.userId,
    };
  }),

  kind("alone", "Everybody else has left; everybody may invite.", async (fixture) => {
    const room = await fixture.room({ inviteLevel: 0 });
    await leave(fixture.people.admin, room.roomId);
    return { room, expected: planned("invite", { warnings: ["only_member"] }) };
  }),

  kind(
    "alone-powerless",
    "Everybody else has left; inviting takes a level that nobody has.",
    async (fixture) => {
      const room = await fixture.room();
      await leave(fixture.people.admin, room.roomId);
      return { room, expected: impossible("no_helper", { warnings: ["only_member"] }) };
    },
  ),
];

const ENCRYPTION = { type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } };

/** As clients make them: both are admins. */
function chat(fixture: RoomFixture, contact: PopulationSession): Promise<MadeRoom> {
  const { source } = fixture.people;
  return fixture.room({
    by: source,
    inviteLevel: 0,
    users: { [contact.userId]: 100 },
    members: [contact],
    isDirect: true,
  });
}

function alone(): Expected {
  return planned("invite", { warnings: ["only_member", "last_admin"] });
}
