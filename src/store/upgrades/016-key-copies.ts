/**
 * Work with the room keys of people, one for each, what the last finished copy did, and the keys
 * that it found unusable. `sealed`: what opens the keys. `not_before` is NULL while nothing happens
 * by itself.
 */
export const keyCopies = `
CREATE TABLE key_copy (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  owner TEXT NOT NULL UNIQUE,
  purpose TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  event_id TEXT NOT NULL,
  address TEXT NOT NULL,
  source TEXT,
  target TEXT,
  from_version TEXT,
  from_public_key TEXT,
  to_version TEXT,
  to_public_key TEXT,
  has_started_over INTEGER NOT NULL DEFAULT 0,
  batch_size INTEGER NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  already_there INTEGER,
  begun_at INTEGER NOT NULL,
  waiting_since INTEGER,
  waits INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER,
  sealed BLOB,
  opened_until INTEGER,
  was_interrupted INTEGER NOT NULL DEFAULT 0,
  progress_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX key_copy_due ON key_copy (not_before) WHERE not_before IS NOT NULL;
CREATE INDEX key_copy_opened ON key_copy (opened_until) WHERE opened_until IS NOT NULL;
CREATE INDEX key_copy_state ON key_copy (state);

CREATE TABLE copied_keys (
  owner TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  from_version TEXT NOT NULL,
  from_public_key TEXT NOT NULL,
  to_version TEXT NOT NULL,
  to_public_key TEXT NOT NULL,
  expected INTEGER NOT NULL,
  copied INTEGER NOT NULL,
  already_there INTEGER NOT NULL,
  unusable INTEGER NOT NULL,
  copied_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE unusable_key (
  owner TEXT NOT NULL,
  room_id TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (owner, room_id)
) STRICT, WITHOUT ROWID;
`;
