/**
 * Requests that could not be done because a server did not answer, one for each person. They are
 * tried again. `is_begun`: their run exists, and its owner may not have been informed.
 */
export const keptRequests = `
CREATE TABLE kept_request (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  owner TEXT NOT NULL UNIQUE,
  event_id TEXT NOT NULL,
  address TEXT NOT NULL,
  request TEXT NOT NULL,
  cause TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  is_begun INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX kept_request_due ON kept_request (not_before);
`;
