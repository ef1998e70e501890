import { z } from "zod";
import { ASK_WAYS } from "../../../model/contact.ts";

/** One helper and what they are asked. A step for it is made by the planner of questions. */
export const helperToAsk = z.object({
  userId: z.string(),
  way: z.enum(ASK_WAYS),
  /** The room in which the question is sent; `null` for a new chat. */
  chatRoomId: z.string().nullable(),
  /** The rooms about which the helper is asked. */
  roomIds: z.array(z.string()),
  text: z.string(),
  /** The reason of the invitation to a new chat; otherwise `null`. */
  reason: z.string().nullable(),
});
export type HelperToAsk = z.output<typeof helperToAsk>;

/** What a message or a new chat is for. The records of its outcome follow from it. */
const contactPurpose = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("ask"),
    way: z.enum(ASK_WAYS),
    /** Everybody who counts as asked: the helper, then those who are mentioned besides. */
    userIds: z.array(z.string()),
    roomIds: z.array(z.string()),
    /** Who is asked instead, in this order, if the helper takes no invitation. */
    followers: z.array(helperToAsk),
  }),
  z.object({ kind: z.literal("direct_chat"), partner: z.string() }),
  z.object({ kind: z.literal("announce") }),
]);
export type ContactPurpose = z.output<typeof contactPurpose>;

/** The payload of a message in a room. The step's side sends it. */
export const sendMessagePayload = z.object({
  roomId: z.string(),
  text: z.string(),
  /** The people whom `m.mentions` names. */
  mentions: z.array(z.string()),
  /** The room's name when the step was planned, for messages about it. */
  roomName: z.exactOptional(z.string().nullable()),
  /** The message is sent only if at most this many members have joined; `null`: any number. */
  maxJoined: z.int().nullable(),
  purpose: contactPurpose,
});
export type SendMessagePayload = z.output<typeof sendMessagePayload>;

/** The payload of a new direct chat. The step's side opens it. */
export const openChatPayload = z.object({
  partner: z.string(),
  /** The chat is made encrypted. The text is then in the reason only. */
  isEncrypted: z.boolean(),
  text: z.string(),
  /** The reason of the invitation. */
  reason: z.string(),
  purpose: contactPurpose,
});
export type OpenChatPayload = z.output<typeof openChatPayload>;

/** The undo record of a new chat that is there. Nothing undoes it; records are made from it. */
export const openedChatSchema = z.object({ roomId: z.string() });

/** A picture that the person chose for a room, and the one that replaces it there. */
const overwrittenAvatar = z.object({ own: z.string(), over: z.string().nullable() });

/** The payload of a new name of the source. */
export const renameProfilePayload = z.object({
  name: z.string(),
  /** The name that it had when the step was planned. Any other one is the person's own since. */
  shown: z.string().nullable(),
  /** The name that the person had chosen: `shown` without what the bot gave it. */
  former: z.string().nullable(),
  /** Names and pictures that the person chose for single rooms. The server overwrites them. */
  rooms: z.array(
    z.object({
      roomId: z.string(),
      former: z.string().nullable(),
      /** `null`: the room has the account's picture. */
      avatar: overwrittenAvatar.nullable(),
    }),
  ),
});
export type RenameProfilePayload = z.output<typeof renameProfilePayload>;

/** The payload of a new name of the source in one room. `shown` and `former` as above. */
export const renameRoomPayload = z.object({
  roomId: z.string(),
  name: z.string(),
  shown: z.string().nullable(),
  former: z.string().nullable(),
  /** As in `sendMessagePayload`. */
  roomName: z.exactOptional(z.string().nullable()),
});
export type RenameRoomPayload = z.output<typeof renameRoomPayload>;

/** What the undo of a new name needs. */
export const givenNameRecord = z.object({ name: z.string(), former: z.string().nullable() });
export type GivenNameRecord = z.output<typeof givenNameRecord>;

/** What the undo of a new name in a room needs. */
export const givenRoomNameRecord = givenNameRecord.extend({
  roomId: z.string(),
  /**
   * The new name was given everywhere. When that is undone, the server first writes this global
   * name into the room. Absent: only this room had the new name.
   */
  everywhere: z.exactOptional(z.string().nullable()),
  avatar: z.exactOptional(overwrittenAvatar),
  /** As in `sendMessagePayload`. */
  roomName: z.exactOptional(z.string().nullable()),
});
export type GivenRoomNameRecord = z.output<typeof givenRoomNameRecord>;
