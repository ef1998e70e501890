/**
 * Questions that a person answers with a reaction or a word. The bot adds reactions to them, so
 * `outbox` is created again with that kind: SQLite cannot change a CHECK.
 */
export const questions = `
CREATE TABLE question (
  transaction_id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  room_id TEXT NOT NULL,
  address TEXT NOT NULL,
  word TEXT NOT NULL,
  action TEXT NOT NULL,
  payload TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  closed_at INTEGER,
  answered_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX question_open ON question (owner, room_id) WHERE closed_at IS NULL;

CREATE TABLE outbox_with_reactions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_id TEXT NOT NULL UNIQUE,
  room_id TEXT NOT NULL,
  for_user TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('message', 'redaction', 'reaction')),
  content TEXT,
  attachment BLOB,
  edits TEXT,
  priority INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  event_id TEXT,
  finished_at INTEGER,
  failure TEXT
) STRICT;
INSERT INTO outbox_with_reactions
  (id, transaction_id, room_id, for_user, kind, content, attachment, edits, priority, created_at, attempts, not_before, event_id, finished_at, failure)
SELECT
  id, transaction_id, room_id, for_user, kind, content, attachment, edits, priority, created_at, attempts, not_before, event_id, finished_at, failure
FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_with_reactions RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (priority, id) WHERE finished_at IS NULL;
CREATE INDEX outbox_event ON outbox (event_id) WHERE event_id IS NOT NULL;
`;
