/*
 * Loaded into the bot by NODE_OPTIONS. SIGUSR2 throws an error that nobody catches, with the fields
 * that errors of HTTP clients have. Its secrets come from the environment, since only the test
 * knows them.
 */
const { CRASH_TOKEN: token = "", CRASH_PASSWORD: password = "", CRASH_KEY: key = "" } = process.env;

process.on("SIGUSR2", () => {
  throw Object.assign(new Error(`GET http://127.0.0.1/_matrix/client/v3/sync?access_token=${token} failed`), {
    headers: { authorization: `Bearer ${token}` },
    body: { type: "m.login.password", password },
    options: { json: JSON.stringify({ password, access_token: token, recovery_key: key }) },
    cause: new Error(`Authorization: Bearer ${token}; ${key}`),
  });
});
