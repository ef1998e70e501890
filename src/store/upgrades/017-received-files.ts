/**
 * Files that people sent in direct chats, for an hour. `sealed` is their address and what decrypts
 * them. And for each message of the bot, whether it may be sent only to an encrypted room.
 */
export const receivedFiles = `
CREATE TABLE received_file (
  event_id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  sealed BLOB NOT NULL,
  received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX received_file_of_sender ON received_file (sender, room_id, received_at);
CREATE INDEX received_file_age ON received_file (received_at);

ALTER TABLE outbox ADD COLUMN is_only_encrypted INTEGER NOT NULL DEFAULT 0;
`;
