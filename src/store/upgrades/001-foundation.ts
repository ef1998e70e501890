/**
 * The first schema. An event is handled once and an answer is sent once, because `received_event`
 * and `outbox` have a row before anything is done.
 */
export const foundation = `
CREATE TABLE bot_state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
  name TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A handled row keeps nothing but the event ID: who said what is gone, and the event is still never handled twice.
CREATE TABLE received_event (
  event_id TEXT PRIMARY KEY,
  room_id TEXT,
  sender TEXT,
  sealed_event BLOB,
  received_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  handled_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX received_event_unhandled ON received_event (received_at) WHERE handled_at IS NULL;

CREATE TABLE undecrypted_event (
  event_id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  event TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  is_told INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
  room_id TEXT PRIMARY KEY,
  inviter TEXT NOT NULL,
  is_direct INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_id TEXT NOT NULL UNIQUE,
  room_id TEXT NOT NULL,
  for_user TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('message', 'redaction')),
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
CREATE INDEX outbox_due ON outbox (priority, id) WHERE finished_at IS NULL;

CREATE TABLE once (
  subject TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
  owner TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('source', 'target')),
  user_id TEXT NOT NULL,
  base_url TEXT NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('password', 'token')),
  device_id TEXT,
  signed_in_at INTEGER NOT NULL,
  PRIMARY KEY (owner, side)
) STRICT, WITHOUT ROWID;

-- The device a password sign-in will make, chosen before the server is asked: asked again after a crash, the server renews that device's token
-- instead of making a second device (CS API, POST /login, device_id).
CREATE TABLE sign_in_attempt (
  owner TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('source', 'target')),
  user_id TEXT NOT NULL,
  base_url TEXT NOT NULL,
  device_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  PRIMARY KEY (owner, side)
) STRICT, WITHOUT ROWID;
`;
