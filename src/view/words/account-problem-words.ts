import type { AccountProblemCode } from "../../model/account-problem.ts";

/** The words for an account problem: what is concerned, what is wrong, and what helps. */
export interface AccountProblemWords {
  readonly subject: "session" | "account" | "server";
  /** Follows the subject. */
  readonly predicate: string;
  /** What the owner does before signing in again; `null` for nothing. */
  readonly remedy: string | null;
}

export const accountProblemWords: Readonly<Record<AccountProblemCode, AccountProblemWords>> = {
  session_ended: { subject: "session", predicate: "has ended", remedy: null },
  account_locked: {
    subject: "account",
    predicate: "is locked by its server",
    remedy: "Please ask its administrator to unlock it.",
  },
  account_suspended: {
    subject: "account",
    predicate: "is suspended by its server",
    remedy: "Please ask its administrator to lift that.",
  },
  account_deactivated: {
    subject: "account",
    predicate: "is deactivated",
    remedy: "Nobody can sign in to it any more.",
  },
  consent_needed: {
    subject: "server",
    predicate: "wants you to agree to its terms first",
    remedy: "Open the account in your app and agree.",
  },
};

/** For the middle of a sentence: "the account is deactivated". */
export function accountProblemClause(code: AccountProblemCode): string {
  const { subject, predicate } = accountProblemWords[code];
  return `the ${subject} ${predicate}`;
}

/** For a message that has named the account already: "This account is deactivated. Nobody …". */
export function accountProblemSentence(code: AccountProblemCode): string {
  const { subject, predicate, remedy } = accountProblemWords[code];
  const sentence = `${SUBJECTS[subject]} ${predicate}.`;
  return remedy === null ? sentence : `${sentence} ${remedy}`;
}

const SUBJECTS = { session: "Its session", account: "This account", server: "Its server" };
