/**
 * The key in `m.room.create` of a direct chat that a bot of this kind has opened for its owner. The
 * value names the step that made the room.
 */
export const CHAT_MARKER = "io.github.matrix-mover.chat";
