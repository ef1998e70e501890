import type { Account, Side } from "../../model/account.ts";
import type { Report } from "../../model/report.ts";
import type { PlanFacts } from "../../platforms/planning.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";

/** A new plan with the facts that are shown once and not stored. */
export interface ShownPlan extends PlanFacts {
  number: number;
  /** The report of the previous plan, if it was for the same two accounts. */
  before: Report | null;
  /** The account that the person's files are about, if it is not the old one of the plan. */
  otherFiles?: string;
}

/**
 * What files can do for a person whose old account is not at hand: none were imported yet, or files
 * of this account were. `writtenAt`: of the newest file of rooms, in milliseconds since the epoch.
 */
export type FilesInstead = { kind: "none" } | { kind: "imported"; userId: string; writtenAt: number };

/** `files` is absent if imports are switched off, or if the old account is not what is missing. */
export type CannotDecide =
  | { status: "not_signed_in"; missing: readonly Side[]; files?: FilesInstead }
  | { status: "not_read"; account: Account; refusal: AccountRefusal; files?: FilesInstead };

/** The move is planned from files, but the server of the old account answers. */
export interface OldServerAnswers {
  status: "old_server_answers";
  /** The old account. */
  userId: string;
}

/** The room of an alias could not be found out now. */
export interface UnansweredAlias {
  status: "unanswered_alias";
  alias: string;
}

export type PlanResult =
  { status: "planned"; plan: ShownPlan } | CannotDecide | UnansweredAlias | OldServerAnswers;
