import { impossible, planned } from "../expectations.ts";
import type { Expected } from "../model.ts";
import { leave } from "../session.ts";
import type { Session } from "../session.ts";
import type { MadeRoom, Stage } from "../environment.ts";
import { kind } from "./kind.ts";
import type { Kind } from "./kind.ts";

/** Direct chats and rooms with nobody else in them. */
export const DIRECT_KINDS: readonly Kind[] = [
  kind("direct", "A direct chat with somebody on the old server.", async (stage) => {
    const contact = stage.cast.member;
    return { room: await chat(stage, contact), expected: planned("invite"), directWith: contact.userId };
  }),

  kind("direct-new-server", "A direct chat with somebody on the new server.", async (stage) => {
    const contact = stage.cast.foreigner;
    return { room: await chat(stage, contact), expected: planned("invite"), directWith: contact.userId };
  }),

  kind("direct-theirs", "A direct chat that the other began.", async (stage) => {
    const { source, moderator } = stage.cast;
    const room = await stage.room({
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

  kind("direct-version-12", "A direct chat in version 12, where both have made the room.", async (stage) => {
    const { source, member } = stage.cast;
    const room = await stage.room({
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
  }),

  kind("direct-contact-left", "A direct chat whose other side has left.", async (stage) => {
    const contact = stage.cast.member;
    const room = await chat(stage, contact);
    await leave(contact, room.roomId);
    return { room, expected: alone(), directWith: contact.userId };
  }),

  kind("direct-unanswered", "A direct chat to which the other side never came.", async (stage) => {
    const { source, member } = stage.cast;
    const room = await stage.room({
      by: source,
      inviteLevel: 0,
      members: [],
      invited: [member.userId],
      isDirect: true,
    });
    return { room, expected: alone(), directWith: member.userId };
  }),

  kind("notes-to-self", "A direct chat of the source with itself.", async (stage) => {
    const { source } = stage.cast;
    return {
      room: await stage.room({ by: source, inviteLevel: 0, members: [] }),
      expected: alone(),
      directWith: source.userId,
    };
  }),

  kind("alone", "Everybody else has left; everybody may invite.", async (stage) => {
    const room = await stage.room({ inviteLevel: 0 });
    await leave(stage.cast.admin, room.roomId);
    return { room, expected: planned("invite", { warnings: ["only_member"] }) };
  }),

  kind(
    "alone-powerless",
    "Everybody else has left; inviting takes a level that nobody has.",
    async (stage) => {
      const room = await stage.room();
      await leave(stage.cast.admin, room.roomId);
      return { room, expected: impossible("no_helper", { warnings: ["only_member"] }) };
    },
  ),
];

const ENCRYPTION = { type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } };

/** As clients make them: both are admins. */
function chat(stage: Stage, contact: Session): Promise<MadeRoom> {
  const { source } = stage.cast;
  return stage.room({
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
