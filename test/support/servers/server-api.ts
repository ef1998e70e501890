import type { Homeserver } from "../../lab/homeservers/pair.ts";
import type { Account } from "../environments/bot-environment.ts";

/** An answer of a homeserver to the test, of any status. */
export interface ServerAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** One request to a homeserver by the test itself. */
export async function callServer(
  server: Homeserver,
  accessToken: string | null,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<ServerAnswer> {
  const response = await fetch(server.baseUrl + path, {
    method,
    headers: {
      "content-type": "application/json",
      ...(accessToken !== null && { authorization: `Bearer ${accessToken}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** The name of the sessions that the bot makes on people's accounts. */
const BOT_SESSION_NAME = "Matrix Mover";

/** Device IDs of the sessions that the bot has on an account, as the account's owner sees them. */
export async function botSessions({ server, accessToken }: Account): Promise<string[]> {
  const { status, body } = await callServer(server, accessToken, "GET", "/_matrix/client/v3/devices");
  if (status !== 200) throw new Error(`the devices could not be read: ${String(status)}`);
  const devices = body["devices"] as { device_id: string; display_name?: string }[];
  return devices
    .filter((device) => device.display_name === BOT_SESSION_NAME)
    .map((device) => device.device_id);
}

/** Whether a token still works. */
export async function isSignedIn({ server, accessToken }: Account): Promise<boolean> {
  return (await callServer(server, accessToken, "GET", "/_matrix/client/v3/account/whoami")).status === 200;
}

/** The number of sign-in requests that a server got from anybody. */
export async function countLogins(server: Homeserver): Promise<number> {
  const log = await server.accessLog();
  return log.filter(({ method, path }) => method === "POST" && path === "/_matrix/client/v3/login").length;
}

/** Signs out one session of an account, as its owner would in their own client. */
export async function removeSession(
  { server, accessToken, userId, password }: Account,
  deviceId: string,
): Promise<void> {
  const path = `/_matrix/client/v3/devices/${deviceId}`;
  const asked = await callServer(server, accessToken, "DELETE", path, {});
  const auth = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: userId },
    password,
    session: asked.body["session"],
  };
  const { status } = await callServer(server, accessToken, "DELETE", path, { auth });
  if (status !== 200) throw new Error(`the session could not be removed: ${String(status)}`);
}
