import { z } from "zod";
import type { Account } from "../../../model/account.ts";
import type { AllSessionsEnding, OpenSessions } from "../../finish.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { accountPage } from "../sign-in/oauth/account-page.ts";
import { readAuthorizationServer } from "../sign-in/oauth/authorization-server.ts";
import { toSignInProblem } from "../sign-in/sign-in-problem.ts";
import { checkAccessToken } from "../sign-in/sign-in.ts";

const MAX_DEVICES_BYTES = 4_000_000;
const devicesSchema = z.object({ devices: z.array(z.object({ device_id: z.string() })) });

/** The sessions of an account besides the bot's, and where they are ended. */
export async function openSessions(
  { deviceId, method }: Account,
  client: HomeserverClient,
): Promise<OpenSessions> {
  const server = await readAuthorizationServer(client);
  const { devices } = await client.request({
    method: "GET",
    path: "/_matrix/client/v3/devices",
    schema: devicesSchema,
    maxBytes: MAX_DEVICES_BYTES,
  });
  // A pasted token belongs to an app of the owner.
  const others = devices.filter(({ device_id }) => method === "token" || device_id !== deviceId);
  const endedAt =
    server === null
      ? ({ kind: "here" } as const)
      : { kind: "page" as const, page: accountPage(server, null) };
  return { others: others.length, endedAt };
}

/**
 * Ends all sessions of an account (CS §`POST /logout/all`, which asks for no further proof).
 * Servers with an authorization server do not offer it (platforms/matrix/README.md, "How sessions
 * end").
 */
export async function endAllSessions(
  client: HomeserverClient,
  onBegin: () => Promise<void>,
): Promise<AllSessionsEnding> {
  const check = await checkAccessToken(client);
  if (check.kind === "problem")
    return check.problem.code === "session_ended"
      ? { status: "session_ended" }
      : { status: "not_done", problem: check.problem };
  try {
    const server = await readAuthorizationServer(client);
    if (server !== null) return { status: "on_page", page: accountPage(server, null) };
    await onBegin();
    await client.request({
      method: "POST",
      path: "/_matrix/client/v3/logout/all",
      body: {},
      schema: z.unknown(),
    });
  } catch (error) {
    const problem = toSignInProblem(error);
    // The first answer was lost.
    return problem.code === "session_ended" ? { status: "ended" } : { status: "not_done", problem };
  }
  return { status: "ended" };
}
