import type { Account, Side } from "../../model/account.ts";
import { sides } from "../../model/account.ts";
import type { FinishState } from "../../model/finish-state.ts";
import type { AccountClosing, AllSessionsEnding, PlatformFinish } from "../../platforms/finish.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Imports } from "../../store/imports.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { SignOutResult } from "../accounts/results.ts";
import type { SignIn } from "../accounts/sign-in.ts";
import type { CannotDecide } from "../plan/results.ts";
import type { RunControl } from "../run/control.ts";
import type { RunStatus } from "../run/results.ts";
import type { FinishChecklist, FinishRequest } from "./checklist.ts";
import type { FinishStates } from "./finish-states.ts";

export interface MoveEndingOptions {
  accounts: Pick<Accounts, "get">;
  moved: Pick<PeoplesAccounts, "filesInstead">;
  imports: Pick<Imports, "account" | "clear">;
  checklist: Pick<FinishChecklist, "check">;
  states: Pick<FinishStates, "last" | "save">;
  finish: Pick<PlatformFinish, "sessions" | "endAllSessions" | "closing">;
  control: Pick<RunControl, "activeRuns" | "abandon" | "abandonThen">;
  signIn: Pick<SignIn, "signOutBoth" | "signOutEverywhere">;
  now: () => number;
}

/** Why nothing is asked or ended. */
export type EndingRefusal =
  | { status: "already"; run: RunStatus }
  /** Other accounts are signed in than those that were shown. */
  | { status: "other_accounts" }
  | CannotDecide;

export type SessionsPreview =
  | {
      status: "possible";
      account: Account;
      /** With everything that is still open. */
      state: FinishState;
      /** Runs that only wait for the daily limit on new chats. They are ended. */
      waiting: readonly RunStatus[];
      shown: string;
    }
  /** Only a page of the account's server ends its sessions. */
  | { status: "on_page"; page: string | null }
  | { status: "signed_out"; state: FinishState }
  | EndingRefusal;

export type SessionsResult =
  | { status: "signed_out"; state: FinishState | null }
  | Exclude<AllSessionsEnding, { status: "ended" }>
  | EndingRefusal;

export type EndPreview =
  | {
      status: "possible";
      accounts: readonly Account[];
      /** What the person's files said is erased. */
      hasFiles: boolean;
      waiting: readonly RunStatus[];
      shown: string;
    }
  | { status: "nothing_to_end"; state: FinishState | null }
  | EndingRefusal;

export type EndResult = { status: "ended"; signedOut: readonly SignOutResult[] } | EndingRefusal;

/** `closing`: `null` if the bot does not know which account it would be. */
export interface ClosingResult {
  closing: AccountClosing | null;
  /** The user ID of an old account that is known only from files. */
  fromFile?: string;
}

/** Ends sessions at the end of a move. Each is shown first and done after a typed word. */
export class MoveEnding {
  readonly #options: MoveEndingOptions;

  constructor(options: MoveEndingOptions) {
    this.#options = options;
  }

  async previewSessions(request: FinishRequest): Promise<SessionsPreview> {
    const { accounts, checklist, finish } = this.#options;
    const { owner } = request;
    const { underWay, waiting } = await this.#options.control.activeRuns(owner);
    if (underWay[0] !== undefined) return { status: "already", run: underWay[0] };
    const account = await accounts.get(owner, "source");
    if (account === null) return this.#signedOutBefore(owner);
    try {
      const { endedAt } = await finish.sessions(account);
      if (endedAt.kind === "page") return { status: "on_page", page: endedAt.page };
    } catch (error) {
      return notRead(error);
    }
    const checked = await checklist.check(request);
    if (checked.status === "remembered") return { status: "signed_out", state: checked.state };
    if (checked.status !== "checked") return checked;
    return { status: "possible", account, state: checked.state, waiting, shown: shownOf([account]) };
  }

  /** Signs the old account out everywhere. Safe to repeat after a crash. */
  async endSessions(owner: string, shown: string): Promise<SessionsResult> {
    const { accounts, states, finish, control, signIn, now } = this.#options;
    const { underWay } = await this.#options.control.activeRuns(owner);
    if (underWay[0] !== undefined) return { status: "already", run: underWay[0] };
    const account = await accounts.get(owner, "source");
    if (account === null) return this.#signedOutBefore(owner);
    if (!isShown([account], shown)) return { status: "other_accounts" };
    const last = await states.last(owner);
    const state = last?.source === account.userId ? last : null;
    const note = async (noted: "begun" | "done" | null): Promise<FinishState | null> => {
      const next = state && { ...state, signedOut: noted && { at: now(), state: noted } };
      if (next !== null) await states.save(owner, next);
      return next;
    };
    await control.abandon(owner);
    const ending = await signIn.signOutEverywhere(owner, "source", async (signedIn) => {
      const asked = await finish.endAllSessions(signedIn, async () => {
        await note("begun");
      });
      if (asked.status === "not_done" && asked.problem.code === "server_refused") await note(null);
      // An earlier try has ended them. The bot's own session was one of them.
      const isOver = asked.status === "session_ended" && (state?.signedOut ?? null) !== null;
      if (!isOver && asked.status !== "ended") return asked;
      // Before the account is removed: a crash in between would leave it unknown.
      return { status: "ended" as const, state: await note("done") };
    });
    if (ending === null) return this.#signedOutBefore(owner);
    if (ending.status !== "ended") return ending;
    // A run that was started meanwhile is ended as well.
    await control.abandon(owner);
    return { status: "signed_out", state: ending.state };
  }

  async previewEnd(owner: string): Promise<EndPreview> {
    const { underWay, waiting } = await this.#options.control.activeRuns(owner);
    if (underWay[0] !== undefined) return { status: "already", run: underWay[0] };
    const { states, imports } = this.#options;
    const accounts = await this.#signedIn(owner);
    if (accounts.length === 0) return { status: "nothing_to_end", state: await states.last(owner) };
    const hasFiles = (await imports.account(owner)) !== null;
    return { status: "possible", accounts, hasFiles, waiting, shown: shownOf(accounts) };
  }

  /**
   * Ends the bot's sessions, erases its secrets and what files said, and stops watching. The report
   * stays. Safe to repeat after a crash.
   */
  async end(owner: string, shown: string): Promise<EndResult> {
    const { states, imports, control, signIn, now } = this.#options;
    const { underWay } = await this.#options.control.activeRuns(owner);
    if (underWay[0] !== undefined) return { status: "already", run: underWay[0] };
    const accounts = await this.#signedIn(owner);
    // After a crash one of them may be signed out already.
    if (accounts.length > 0 && !isShown(accounts, shown)) return { status: "other_accounts" };
    await control.abandon(owner);
    const { signedOut } = await signIn.signOutBoth(owner, () =>
      // A run that was started meanwhile is ended as well.
      control.abandonThen(owner, async () => {
        const state = await states.last(owner);
        const isOfMove = state !== null && accounts.every(({ side, userId }) => state[side] === userId);
        if (isOfMove) await states.save(owner, { ...state, endedAt: state.endedAt ?? now() });
        await imports.clear(owner);
      }),
    );
    return { status: "ended", signedOut };
  }

  /** Where the old account can be closed. Nothing is closed. */
  async closing(owner: string): Promise<ClosingResult> {
    const { accounts, moved, states, finish } = this.#options;
    const account = await accounts.get(owner, "source");
    const state = await states.last(owner);
    if (account === null && state?.signedOut?.state !== "done") {
      const { files } = await moved.filesInstead(owner);
      if (files?.kind === "imported") return { closing: null, fromFile: files.userId };
    }
    const userId = account?.userId ?? state?.source ?? null;
    return { closing: userId === null ? null : await finish.closing(userId) };
  }

  async #signedOutBefore(
    owner: string,
  ): Promise<{ status: "signed_out"; state: FinishState } | CannotDecide> {
    const { states, moved } = this.#options;
    const state = await states.last(owner);
    if (state?.signedOut?.state === "done") return { status: "signed_out", state };
    return { status: "not_signed_in", missing: ["source"], ...(await moved.filesInstead(owner)) };
  }

  async #signedIn(owner: string): Promise<Account[]> {
    const found = await Promise.all(sides.map((side: Side) => this.#options.accounts.get(owner, side)));
    return found.filter((account) => account !== null);
  }
}

/** The accounts of a question. */
function shownOf(accounts: readonly Account[]): string {
  return accounts.map(lineOf).join("\n");
}

function isShown(accounts: readonly Account[], shown: string): boolean {
  const lines = shown.split("\n");
  return accounts.every((account) => lines.includes(lineOf(account)));
}

function lineOf({ side, userId }: Account): string {
  return `${side} ${userId}`;
}

function notRead(error: unknown): CannotDecide {
  if (error instanceof UnreadableAccountError)
    return { status: "not_read", account: error.account, refusal: error.refusal };
  throw error;
}
