/**
 * Sign-in by link: a third method, and the sign-ins that wait for a person in a browser. The table
 * of accounts is created again with that method: SQLite cannot change a CHECK.
 */
export const links = `
CREATE TABLE new_account (
  owner TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('source', 'target')),
  user_id TEXT NOT NULL,
  base_url TEXT NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('link', 'password', 'token')),
  device_id TEXT,
  signed_in_at INTEGER NOT NULL,
  PRIMARY KEY (owner, side)
) STRICT, WITHOUT ROWID;
INSERT INTO new_account (owner, side, user_id, base_url, method, device_id, signed_in_at)
  SELECT owner, side, user_id, base_url, method, device_id, signed_in_at FROM account;
DROP TABLE account;
ALTER TABLE new_account RENAME TO account;

-- Everything about it is in the box: the code that becomes a session, where the person reads about it, and, once it has become one, its tokens.
CREATE TABLE sign_in_link (
  owner TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('source', 'target')),
  sealed BLOB NOT NULL,
  PRIMARY KEY (owner, side)
) STRICT, WITHOUT ROWID;
`;
