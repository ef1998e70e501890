import { z } from "zod";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError, accountProblemOf } from "../api/homeserver-error.ts";
import { anyAnswer } from "../api/json.ts";
import { serverNameOf } from "../ids/identifiers.ts";

/** @param client of the account's own server, with the session's present token */
type OwnServer = Pick<HomeserverClient, "request">;

/**
 * Whether the account's own server confirms an error about the account that it may have passed on.
 * Synapse passes on the answer of a server of a room to a join, a knock or an invitation, with its
 * status, its code and its further fields (`ProxiedRequestError`). Without the confirmation,
 * anybody who runs a server in a room could end a session.
 * @throws HomeserverError, PageError, UnreachableError if the own server does not answer
 */
export async function doesOwnServerConfirm(
  client: OwnServer,
  userId: string,
  error: HomeserverError,
): Promise<boolean> {
  switch (accountProblemOf(error)?.code) {
    case undefined:
      return false;
    case "session_ended":
    case "account_locked":
    case "account_deactivated":
      return await isAccountRefused(client.request(whoami));
    case "account_suspended":
    case "consent_needed":
      return await isAccountRefused(joinUnknownRoom(client, userId));
  }
}

const whoami = { method: "GET", path: "/_matrix/client/v3/account/whoami", schema: z.unknown() } as const;

/**
 * Tries to join a room of the account's own server that does not exist. A suspended account, and
 * one that has not accepted the terms, may read, so `whoami` does not show the problem. No other
 * server takes part, and the join never succeeds. Synapse checks the suspension before it looks for
 * the room.
 */
async function joinUnknownRoom(client: OwnServer, userId: string): Promise<unknown> {
  const roomId = `!no-such-room:${serverNameOf(userId) ?? ""}`;
  return await client.request({
    method: "POST",
    path: apiPath`/_matrix/client/v3/join/${roomId}`,
    body: {},
    schema: anyAnswer,
  });
}

async function isAccountRefused(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return false;
  } catch (error) {
    if (!(error instanceof HomeserverError) || error.status === 429 || error.status >= 500) throw error;
    return accountProblemOf(error) !== null;
  }
}
