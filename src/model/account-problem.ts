/**
 * A problem that only the owner of an account can resolve. The codes are stored with runs and
 * steps, so they never change.
 */
export type AccountProblem =
  /** The server does not know the token: it expired, was logged out, or was mistyped. */
  | { readonly code: "session_ended" }
  /**
   * The server refuses every request of the account until an administrator unlocks it. Its sessions
   * are kept. Some servers do not say so; then it follows from refused new tokens.
   */
  | { readonly code: "account_locked" }
  /** The account may read, but not act, until an administrator lifts this. */
  | { readonly code: "account_suspended" }
  /** Nobody can use the account any more. */
  | { readonly code: "account_deactivated" }
  /** The user must first accept the server's terms. The server may name a page for it. */
  | { readonly code: "consent_needed"; readonly consentUri: string | null };

export type AccountProblemCode = AccountProblem["code"];

/** The codes of all account problems. */
export const ACCOUNT_PROBLEM_CODES = [
  "session_ended",
  "account_locked",
  "account_suspended",
  "account_deactivated",
  "consent_needed",
] as const satisfies readonly AccountProblemCode[];

const CODES: ReadonlySet<string> = new Set(ACCOUNT_PROBLEM_CODES);

/** Whether a code names an account problem. */
export function isAccountProblemCode(code: string): code is AccountProblemCode {
  return CODES.has(code);
}

/** Whether only the account's owner can resolve a problem. */
export function isAccountProblem<Problem extends { readonly code: string }>(
  problem: Problem,
): problem is Extract<Problem, { readonly code: AccountProblemCode }> {
  return isAccountProblemCode(problem.code);
}
