import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "../../../model/account.ts";
import type { SessionEnding, SignInProblem } from "../../sign-in.ts";
import type { HomeserverClientOptions } from "../api/homeserver-client.ts";
import { HomeserverClient } from "../api/homeserver-client.ts";
import { accountPage } from "./oauth/account-page.ts";
import { revokeSession } from "./oauth/revoke-session.ts";
import type { MatrixTokens } from "./session-renewal.ts";
import type { Sessions } from "./sessions.ts";
import { toSignInProblem } from "./sign-in-problem.ts";
import { checkAccessToken, signOut } from "./sign-in.ts";

/**
 * A revoked token was seen to work for another half second (platforms/matrix/README.md, "How
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
): Promise<SessionEnding> {
  if (account.method === "token") return { ending: "left_alone" };
  const client = sessions.client(account);
  if (account.method === "password") {
    const result = await signOut(client);
    return result.kind === "signed_out"
      ? { ending: "logged_out" }
      : { ending: "not_reached", problem: result.problem, page: null };
  }
  // This check renews an expired token. With an expired token, the later check would prove nothing.
  // It also shows a session that has already ended.
  const before = await checkAccessToken(client);
  if (before.kind === "problem" && before.problem.code === "session_ended") return { ending: "logged_out" };
  return sessions.alone(account, async (signedIn) => {
    if (signedIn === null) return { ending: "left_alone" };
    const page = pageOf(signedIn.tokens, account.deviceId);
    const end = await endLinkedSession(account.baseUrl, signedIn.tokens, connection);
    switch (end.kind) {
      case "gone":
        return { ending: "logged_out" };
      case "not_checked":
        return { ending: "not_checked", page };
      case "problem":
        return { ending: "not_reached", problem: end.problem, page };
    }
  });
}

/**
 * Revokes a session that came by link, then asks the homeserver whether it has ended. The
 * authorization server's answer proves nothing, because it accepts any token
 * (platforms/matrix/README.md, "How sessions end").
 */
export async function endLinkedSession(
  baseUrl: string,
  { accessToken, renewal }: MatrixTokens,
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
export function pageOf({ renewal }: MatrixTokens, deviceId: string | null): string | null {
  return renewal?.kind === "oauth" ? accountPage(renewal.server, deviceId) : null;
}
