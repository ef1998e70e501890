import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "../../model/account.ts";
import { HomeserverClient } from "../../platforms/matrix/api/homeserver-client.ts";
import type { HomeserverClientOptions } from "../../platforms/matrix/api/homeserver-client.ts";
import { accountPage } from "../../platforms/matrix/sign-in/oauth/account-page.ts";
import { revokeSession } from "../../platforms/matrix/sign-in/oauth/revoke-session.ts";
import type { SessionTokens } from "../../platforms/matrix/sign-in/session-renewal.ts";
import type { SignInProblem } from "../../platforms/matrix/sign-in/sign-in-problem.ts";
import { toSignInProblem } from "../../platforms/matrix/sign-in/sign-in-problem.ts";
import { checkAccessToken, signOut } from "../../platforms/matrix/sign-in/sign-in.ts";
import type { Sessions } from "./sessions.ts";
import type { SignOutResult } from "./results.ts";

/**
 * A revoked token was observed to work for another half second (platforms/matrix/README.md, "How
 * sessions end").
 */
const CHECKS = 6;
const CHECK_EVERY_MS = 300;

type Connection = Pick<HomeserverClientOptions, "fetch" | "log">;

/**
 * Ends the session of a signed-in account and checks that it has ended. A pasted token's session is
 * the user's, so it is left alone.
 */
export async function endSession(
  account: Account,
  sessions: Sessions,
  connection: Connection,
): Promise<SignOutResult> {
  if (account.method === "token") return { account, ending: "left_alone" };
  const client = sessions.client(account);
  if (account.method === "password") {
    const result = await signOut(client);
    return result.kind === "signed_out"
      ? { account, ending: "logged_out" }
      : { account, ending: "not_reached", problem: result.problem, page: null };
  }
  // This renews an expired token, without which the later check would prove nothing. It also shows
  // a session that is already gone.
  const before = await checkAccessToken(client);
  if (before.kind === "problem" && before.problem.code === "session_ended")
    return { account, ending: "logged_out" };
  return sessions.alone(account, async (signedIn) => {
    if (signedIn === null) return { account, ending: "left_alone" };
    const page = pageOf(signedIn.tokens, account.deviceId);
    const end = await endLinkedSession(account.baseUrl, signedIn.tokens, connection);
    switch (end.kind) {
      case "gone":
        return { account, ending: "logged_out" };
      case "not_checked":
        return { account, ending: "not_checked", page };
      case "problem":
        return { account, ending: "not_reached", problem: end.problem, page };
    }
  });
}

/**
 * Revokes a session that came by link, and asks the homeserver whether it is gone, because the
 * authorization server accepts any token (platforms/matrix/README.md, "How sessions end").
 */
export async function endLinkedSession(
  baseUrl: string,
  { accessToken, renewal }: SessionTokens,
  { fetch, log }: Connection,
): Promise<{ kind: "gone" | "not_checked" } | { kind: "problem"; problem: SignInProblem }> {
  if (renewal?.kind !== "oauth") return { kind: "not_checked" };
  const client = new HomeserverClient({ baseUrl, fetch, log, accessToken: () => accessToken });
  const worked = (await checkAccessToken(client)).kind === "valid";
  try {
    if (!(await revokeSession(renewal, fetch))) return { kind: "not_checked" };
  } catch (error) {
    return { kind: "problem", problem: toSignInProblem(error) };
  }
  for (let check = 0; worked && check < CHECKS; check++) {
    const now = await checkAccessToken(client);
    if (now.kind === "problem" && now.problem.code === "session_ended") return { kind: "gone" };
    await sleep(CHECK_EVERY_MS);
  }
  return { kind: "not_checked" };
}

/** The page where the owner of an account manages the bot's session. */
export function pageOf({ renewal }: SessionTokens, deviceId: string | null): string | null {
  return renewal?.kind === "oauth" ? accountPage(renewal.server, deviceId) : null;
}
