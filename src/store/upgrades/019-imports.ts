/**
 * What files that a person imported say about an old account, and whether a run goes by files.
 * `room`, `contact` and `data` are JSON. `written_at` is when the newest file with it was written.
 */
export const imports = `
CREATE TABLE imported_account (
  owner TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  written_at INTEGER NOT NULL,
  data TEXT,
  data_written_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE imported_room (
  owner TEXT NOT NULL,
  room_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  room TEXT NOT NULL,
  written_at INTEGER NOT NULL,
  PRIMARY KEY (owner, room_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE imported_contact (
  owner TEXT NOT NULL,
  user_id TEXT NOT NULL,
  contact TEXT NOT NULL,
  written_at INTEGER NOT NULL,
  PRIMARY KEY (owner, user_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE run ADD COLUMN from_file INTEGER NOT NULL DEFAULT 0;
`;
