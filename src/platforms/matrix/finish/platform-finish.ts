import { stages } from "../../../model/step.ts";
import type { PlatformFinish } from "../../finish.ts";
import type { OpenAccountOptions } from "../open-account.ts";
import { guarded } from "../open-account.ts";
import { deactivationPage } from "../sign-in/oauth/account-page.ts";
import { readAuthorizationServer } from "../sign-in/oauth/authorization-server.ts";
import type { MentionRulePayload } from "./mention-rule-step.ts";
import { endAllSessions, openSessions } from "./sessions.ts";

/** What the end of a move needs of homeservers. */
export function createMatrixFinish({ sessions }: Pick<OpenAccountOptions, "sessions">): PlatformFinish {
  return {
    mentionStep: (oldUserId, { isOff }) => ({
      key: "mention_rule",
      platform: "matrix",
      kind: "mention_rule",
      side: "target",
      stage: stages.settings,
      limits: [],
      needsRoom: null,
      after: null,
      roomId: null,
      payload: { oldUserId, isOff } satisfies MentionRulePayload,
    }),
    sessions: (account) => guarded(account, () => openSessions(account, sessions.client(account))),
    endAllSessions: (account, onBegin) => endAllSessions(sessions.client(account), onBegin),
    closing: (account) =>
      guarded(account, async () => {
        const server = await readAuthorizationServer(sessions.client(account));
        return { page: server && deactivationPage(server) };
      }),
  };
}
