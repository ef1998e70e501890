/**
 * Runs of plans. Every step is a row before it is tried and keeps its outcome. Rows are deleted
 * only with their owner. `is_blocked` always follows from `after_key` and `needs_room`, so that one
 * index finds the next step.
 */
export const runs = `
CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  owner TEXT NOT NULL,
  plan_number INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  state TEXT NOT NULL,
  stage INTEGER NOT NULL,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  address TEXT NOT NULL,
  request TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  is_cancelled INTEGER NOT NULL DEFAULT 0,
  was_interrupted INTEGER NOT NULL DEFAULT 0,
  problem TEXT,
  progress_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX run_of_owner ON run (owner, id);
CREATE INDEX run_alive ON run (state) WHERE state <> 'over';

CREATE TABLE run_room (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  room_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  planned TEXT NOT NULL,
  route TEXT NOT NULL,
  status TEXT NOT NULL,
  is_inside INTEGER NOT NULL,
  refusals TEXT NOT NULL DEFAULT '[]',
  joined_at INTEGER,
  is_replacement INTEGER NOT NULL,
  PRIMARY KEY (run_id, room_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('source', 'target')),
  lane TEXT NOT NULL,
  stage INTEGER NOT NULL,
  limits TEXT NOT NULL,
  room_id TEXT,
  needs_room TEXT,
  after_key TEXT,
  payload TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'taken', 'done', 'failed', 'dropped')),
  is_blocked INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  waiting_for TEXT,
  outcome TEXT,
  finished_at INTEGER,
  UNIQUE (run_id, key)
) STRICT;
CREATE INDEX step_next ON step (run_id, lane, stage, id) WHERE state = 'pending' AND is_blocked = 0;
CREATE INDEX step_open ON step (run_id, stage) WHERE state IN ('pending', 'taken');
CREATE INDEX step_needing ON step (run_id, needs_room) WHERE needs_room IS NOT NULL AND state = 'pending';
CREATE INDEX step_after ON step (run_id, after_key) WHERE after_key IS NOT NULL AND state = 'pending';

CREATE TABLE limiter (
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;
`;
