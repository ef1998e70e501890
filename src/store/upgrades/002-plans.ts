/** The last plan of each person, and the list of rooms that `#3` refers to. */
export const plans = `
CREATE TABLE plan (
  owner TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  payload TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shown_list (
  owner TEXT PRIMARY KEY,
  room_ids TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
