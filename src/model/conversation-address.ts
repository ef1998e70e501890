import { z } from "zod";
import { storedFormat } from "./stored.ts";

/**
 * The kind of room of a message: a chat with the bot alone that nobody else can read or enter by
 * themselves, a control room, or another room, in which the bot does nothing.
 */
export const ROOM_KINDS = ["direct", "control", "other"] as const;
export type RoomKind = (typeof ROOM_KINDS)[number];

/** The schema of `ConversationAddress`. */
export const conversationAddressSchema = z.object({
  roomId: z.string(),
  /**
   * The message that began the conversation. Answers belong to it. In rooms with several people
   * they reply to it.
   */
  eventId: z.string(),
  threadRoot: z.string().nullable(),
  roomKind: z.enum(ROOM_KINDS),
  /** The person in the conversation. Alerts mention them. */
  sender: z.string(),
  /** Whether that message was encrypted. A plain message can stand in an encrypted room. */
  isEncrypted: z.boolean(),
});

/** The data to continue a conversation hours later, also in another process; stored as JSON. */
export type ConversationAddress = z.infer<typeof conversationAddressSchema>;

/** How addresses are stored. */
export const addressFormat = storedFormat({ version: 1, schema: conversationAddressSchema });
