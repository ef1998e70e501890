import type { Side } from "../../model/account.ts";
import type { StepProblem } from "../../model/step-outcome.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { sideName, sideWord } from "./sign-in.ts";

export interface AccountProblemView {
  side: Side;
  problem: StepProblem;
  userId: string;
  prefix: string;
}

/** What happened to an account in the middle of a run. */
export function accountProblem({ side, problem, userId }: AccountProblemView): Inline[] {
  const account: Inline[] = [`Your ${sideName(side)} `, code(untrustedCode(userId))];
  switch (problem.code) {
    case "session_ended":
      return ["My session of your ", sideName(side), " ", code(untrustedCode(userId)), " has ended."];
    case "account_locked":
      return [...account, " is locked by its server."];
    case "account_suspended":
      return [...account, " is suspended by its server."];
    case "account_deactivated":
      return [...account, " is deactivated."];
    case "consent_needed":
      return [
        "The server of your ",
        sideName(side),
        " ",
        code(untrustedCode(userId)),
        " wants you to agree to its terms first.",
      ];
    case "invite_blocked":
      return [...account, " refuses invitations by its settings."];
    default:
      return [...account, " needs a look from you."];
  }
}

/** What its owner can do about that. */
export function accountRemedy({ side, problem, userId, prefix }: AccountProblemView): Inline[] {
  const signIn = code(`${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`);
  const thenSignIn: Inline[] = ["Then sign in again: ", signIn, ", and I go on by myself."];
  switch (problem.code) {
    case "session_ended":
      return ["Please sign in again: ", signIn, ". Then I go on by myself."];
    case "account_locked":
      return ["Please ask its administrator to unlock it. ", ...thenSignIn];
    case "account_suspended":
      return ["Please ask its administrator to lift that. ", ...thenSignIn];
    case "account_deactivated":
      return [
        "Nobody can sign in to it any more. ",
        code(`${prefix}migrate cancel`),
        " ends this and says what is done.",
      ];
    case "consent_needed":
      return ["Open the account in your app and agree. ", ...thenSignIn];
    case "invite_blocked":
      return ["Allow invitations from your other account in its settings. ", ...thenSignIn];
    default:
      return ["Open the account in your app and see what it asks for. ", ...thenSignIn];
  }
}
