import type { Logger } from "pino";
import { stages } from "../../../model/step.ts";
import type { GuardedFetch } from "../../../network/guarded-fetch.ts";
import type { AccountClosing, PlatformFinish } from "../../finish.ts";
import { discoverHomeserver } from "../api/discovery.ts";
import { HomeserverClient } from "../api/homeserver-client.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import { guarded } from "../open-account.ts";
import { plannedStep } from "../planning/planned-step.ts";
import { deactivationPage } from "../sign-in/oauth/account-page.ts";
import { readAuthorizationServer } from "../sign-in/oauth/authorization-server.ts";
import { refusalOf } from "../sign-in/provider.ts";
import type { Sessions } from "../sign-in/sessions.ts";
import type { MentionRulePayload } from "./mention-rule.ts";
import { endAllSessions, openSessions } from "./sessions.ts";

export interface MatrixFinishOptions {
  sessions: Pick<Sessions, "client">;
  fetch: GuardedFetch;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  log: Logger;
}

/** What the end of a move needs of homeservers. */
export function createMatrixFinish(options: MatrixFinishOptions): PlatformFinish {
  const { sessions } = options;
  return {
    mentionStep: (oldUserId, { isOff }) =>
      plannedStep({
        key: "mention_rule",
        kind: "mention_rule",
        side: "target",
        stage: stages.settings,
        limits: [],
        payload: { oldUserId, isOff } satisfies MentionRulePayload,
      }),
    sessions: (account) => guarded(account, () => openSessions(account, sessions.client(account))),
    endAllSessions: (account, onBegin) => endAllSessions(sessions.client(account), onBegin),
    closing: (userId) => closing(userId, options),
  };
}

async function closing(
  userId: string,
  { fetch, log, servers }: MatrixFinishOptions,
): Promise<AccountClosing> {
  try {
    const { baseUrl } = await discoverHomeserver(serverNameOf(userId) ?? "", { fetch, log, servers });
    const server = await readAuthorizationServer(new HomeserverClient({ baseUrl, fetch, log }));
    const page = server && deactivationPage(server);
    return page === null ? { kind: "app" } : { kind: "page", page };
  } catch (error) {
    // Only bugs are thrown again.
    refusalOf(error);
    return { kind: "unknown" };
  }
}
