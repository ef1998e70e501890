/**
 * Tracks of runs, which go on side by side, and the records of contact with other people. `source`
 * is the old account. `run_id` and `step_key` name the step that made a row, so that a repeated
 * write makes no second one.
 */
export const contact = `
ALTER TABLE run ADD COLUMN track TEXT NOT NULL DEFAULT 'move';

CREATE TABLE asked_question (
  owner TEXT NOT NULL,
  source TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  step_key TEXT NOT NULL,
  room_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  way TEXT NOT NULL,
  result TEXT NOT NULL,
  chat_room_id TEXT,
  PRIMARY KEY (run_id, step_key, room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_question_of ON asked_question (source, at);

CREATE TABLE opened_chat (
  owner TEXT NOT NULL,
  source TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  step_key TEXT NOT NULL,
  room_id TEXT,
  partner TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  purpose TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (run_id, step_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX opened_chat_of ON opened_chat (source, at);

CREATE TABLE announced_room (
  owner TEXT NOT NULL,
  source TEXT NOT NULL,
  room_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (owner, source, room_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX announced_room_of ON announced_room (source);

CREATE TABLE silent_server (
  owner TEXT NOT NULL,
  server_name TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (owner, server_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE finish_state (
  owner TEXT NOT NULL,
  source TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (owner, source)
) STRICT, WITHOUT ROWID;
`;
