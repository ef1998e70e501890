/**
 * The chats with each person, so that a message can follow a person who left a chat; and for each
 * message a score of the tries during which the process ended.
 */
export const chats = `
CREATE TABLE direct_chat (
  room_id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX direct_chat_person ON direct_chat (user_id, used_at);
ALTER TABLE outbox ADD COLUMN crash_score INTEGER NOT NULL DEFAULT 0;
`;
