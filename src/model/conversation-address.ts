import { z } from "zod";
import { storedFormat } from "./stored.ts";

/**
 * Where a message was written: a chat with the bot alone, a control room, or another room, in which
 * the bot does nothing.
 */
export const ROOM_KINDS = ["direct", "control", "other"] as const;
export type RoomKind = (typeof ROOM_KINDS)[number];

export const conversationAddressSchema = z.object({
  roomId: z.string(),
  /**
   * The message that began the conversation: answers belong to it, and quote it where several
   * people talk.
   */
  eventId: z.string(),
  threadRoot: z.string().nullable(),
  roomKind: z.enum(ROOM_KINDS),
  /** Whose conversation it is, and whom an alert mentions. */
  sender: z.string(),
  isEncrypted: z.boolean(),
});

/**
 * All that is needed to go on with a conversation hours later, also in another process; kept as
 * JSON.
 */
export type ConversationAddress = z.infer<typeof conversationAddressSchema>;

export const addressFormat = storedFormat({ version: 1, schema: conversationAddressSchema });
