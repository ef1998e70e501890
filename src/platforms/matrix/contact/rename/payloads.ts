import { z } from "zod";

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
  /** The room's name when the step was planned, for messages about it. */
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
  /** As in `renameRoomPayload`. */
  roomName: z.exactOptional(z.string().nullable()),
});
export type GivenRoomNameRecord = z.output<typeof givenRoomNameRecord>;
