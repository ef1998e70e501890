import { isAccountProblemCode } from "../../model/account-problem.ts";
import type { Side } from "../../model/account.ts";
import type { RunStatus } from "../../service/run/results.ts";
import { accountProblem, accountRemedy } from "../account/account-problem.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** A run that watches rooms cannot use one of the accounts, and goes on with the other. */
export function watchHindered(status: RunStatus, prefix: string): Message {
  const { problem, source, target, filesGone } = status;
  if (problem === null) return notice(paragraph("I keep watching the rooms that wait for somebody."));
  const { side } = problem;
  const stillWatched =
    filesGone !== undefined ? NOT_WATCHED : status.isFromFile ? ONLY_NEW_ACCOUNT : STILL_WATCHED[side];
  const userId = side === "source" ? source : target;
  if (isAccountProblemCode(problem.problem.code)) {
    const view = { ...problem, userId, prefix, filesGone };
    return alert(paragraph(...accountProblem(view), ` ${stillWatched}`), paragraph(...accountRemedy(view)));
  }
  return notice(
    paragraph(
      "The server of ",
      code(untrustedCode(userId)),
      ` has not answered for a while. ${stillWatched} I keep asking it, and you need not do anything.`,
    ),
  );
}

/** Nobody has signed in the old account. */
const ONLY_NEW_ACCOUNT = "I can join a room only when I can use your new account again.";

/** Nothing says which rooms the account wants to be in. */
export const NOT_WATCHED = "Until then I join none of the rooms that wait for somebody.";

/** What the watch still notices without an account of this side. */
const STILL_WATCHED: Readonly<Record<Side, string>> = {
  source:
    "I keep watching with your new account: I accept an invitation as soon as it comes. What needs your old account waits until I can use it again.",
  target: `I keep watching with your old account. ${ONLY_NEW_ACCOUNT}`,
};
