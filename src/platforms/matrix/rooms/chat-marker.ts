import { valueOf } from "./state-read.ts";
import type { RoomSnapshot } from "./types.ts";

/**
 * The key in `m.room.create` of a direct chat that a bot of this kind has opened for its owner. The
 * value names the step that made the room.
 */
export const CHAT_MARKER = "io.github.matrix-mover.chat";

/** Whether a room is a chat that the bot opened with one of these accounts. */
export function isOpenedChat({ create }: Pick<RoomSnapshot, "create">, userIds: readonly string[]): boolean {
  const creation = valueOf(create);
  return typeof creation?.chatMark === "string" && userIds.includes(creation.sender ?? "");
}
