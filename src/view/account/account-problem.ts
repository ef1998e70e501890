import { isAccountProblemCode } from "../../model/account-problem.ts";
import type { Side } from "../../model/account.ts";
import type { StepProblem } from "../../model/step-outcome.ts";
import type { FilesGone } from "../../service/run/results.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { accountProblemWords } from "../words/account-problem-words.ts";
import { sideName, sideWord } from "./sign-in.ts";

/** A problem of one account, for people. */
export interface AccountProblemView {
  side: Side;
  problem: StepProblem;
  userId: string;
  prefix: string;
  /** As in `RunStatus`. */
  filesGone?: FilesGone | undefined;
}

/** What happened to an account in the middle of a run. */
export function accountProblem({ side, problem, userId, filesGone }: AccountProblemView): Inline[] {
  if (filesGone === "lost")
    return ["I no longer have your files about ", code(untrustedCode(userId)), ", by which this goes."];
  if (filesGone === "switched_off")
    return [
      "This goes by your files about ",
      code(untrustedCode(userId)),
      ", and the operator of this bot has switched off moves by files.",
    ];
  const account: Inline[] = [`${sideName(side)} `, code(untrustedCode(userId))];
  if (isAccountProblemCode(problem.code)) {
    const { subject, predicate } = accountProblemWords[problem.code];
    return [OWNERS[subject], ...account, ` ${predicate}.`];
  }
  if (problem.code === "account_limit")
    return [OWNERS.server, ...account, " lets it join or invite no more. I have done the rest."];
  const predicate =
    problem.code === "invite_blocked" ? "refuses invitations by its settings" : "needs a look from you";
  return [OWNERS.account, ...account, ` ${predicate}.`];
}

/** How a sentence about an account begins, by the subject of the problem. */
const OWNERS = {
  session: "My session of your ",
  account: "Your ",
  server: "The server of your ",
};

/** What the account's owner can do about the problem. */
export function accountRemedy(view: AccountProblemView): Inline[] {
  const { side, problem, userId, prefix, filesGone } = view;
  const signIn = code(`${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`);
  const cancel = [code(`${prefix}migrate cancel`), " ends this and says what is done."];
  if (filesGone === "lost")
    return [
      "Please send me a file again and reply to it with ",
      code(`${prefix}import`),
      ", or sign in the account: ",
      signIn,
      ". Then I continue by myself. ",
      ...cancel,
    ];
  if (filesGone === "switched_off")
    return [
      "If its server answers, sign in the account: ",
      signIn,
      ". Then I continue by myself. ",
      ...cancel,
    ];
  if (problem.code === "account_deactivated")
    return [`${accountProblemWords.account_deactivated.remedy} `, ...cancel];
  if (problem.code === "account_limit")
    return [
      "Only the administrator of that server can change that; nobody in your rooms can. Once it allows more: ",
      code(`${prefix}migrate resume`),
      ".",
    ];
  const remedy = remedyOf(problem.code);
  return remedy === null
    ? ["Please sign in again: ", signIn, ". Then I continue by myself."]
    : [`${remedy} Then sign in again: `, signIn, ", and I continue by myself."];
}

function remedyOf(problem: StepProblem["code"]): string | null {
  if (isAccountProblemCode(problem)) return accountProblemWords[problem].remedy;
  return problem === "invite_blocked"
    ? "Allow invitations from your other account in its settings."
    : "Open the account in your app and see what it asks for.";
}
