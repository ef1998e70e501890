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
