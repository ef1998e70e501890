/** The homeservers whose accounts were signed in at each authorization server. */
export const authorizationServers = `
  CREATE TABLE authorization_server (
    issuer TEXT NOT NULL,
    server_name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    PRIMARY KEY (issuer, server_name, base_url)
  ) STRICT, WITHOUT ROWID;
`;
