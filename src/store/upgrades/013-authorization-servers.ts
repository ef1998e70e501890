/** The homeservers whose accounts were signed in at each authorization server. */
export const authorizationServers = `
  CREATE TABLE authorization_server (
    issuer TEXT NOT NULL,
    base_url TEXT NOT NULL,
    PRIMARY KEY (issuer, base_url)
  ) STRICT, WITHOUT ROWID;
`;
