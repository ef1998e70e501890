import type { Account, FileAccount, MovedAccounts, OldAccount, Side } from "../../model/account.ts";
import { isFromFile, sides } from "../../model/account.ts";
import type { FilesOverview, ImportedAccount } from "../../model/room-file.ts";
import type { Run } from "../../model/run.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Imports } from "../../store/imports.ts";
import type { CannotDecide, FilesInstead } from "../plan/results.ts";
import type { FilesGone } from "../run/results.ts";

export interface PeoplesAccountsOptions {
  accounts: Pick<Accounts, "get">;
  imports: Pick<Imports, "account" | "overview" | "content">;
  /** `access.imports` of the configuration. */
  areImportsAllowed: boolean;
}

/** The accounts that a person's move has, as far as it has them. */
export interface FoundAccounts {
  readonly source: OldAccount | null;
  readonly target: Account | null;
}

/** The sides that have no account. */
export function missingSides(found: FoundAccounts): Side[] {
  return sides.filter((side) => found[side] === null);
}

/**
 * The side whose account is not the one of a run; `null` for none. Files stand in for the old
 * account only in a run that began by files.
 */
export function strangerTo(
  run: Pick<Run, Side | "isFromFile">,
  { source, target }: MovedAccounts,
): Side | null {
  if (source.userId !== run.source || (isFromFile(source) && !run.isFromFile)) return "source";
  return target.userId === run.target ? null : "target";
}

/**
 * Says which two accounts a person moves between. The old account is the one that they have signed
 * in, and otherwise the one that their files are about.
 */
export class PeoplesAccounts {
  readonly #options: PeoplesAccountsOptions;

  constructor(options: PeoplesAccountsOptions) {
    this.#options = options;
  }

  async of(owner: string): Promise<FoundAccounts> {
    const { accounts } = this.#options;
    return {
      source: (await accounts.get(owner, "source")) ?? (await this.fromFile(owner)),
      target: await accounts.get(owner, "target"),
    };
  }

  /** The account that a person's files are about; `null`: there is none, or none may be used. */
  async fromFile(owner: string): Promise<FileAccount | null> {
    const { imports, areImportsAllowed } = this.#options;
    return areImportsAllowed ? imports.account(owner) : null;
  }

  /** What a person's files say, in numbers; `null` as in `fromFile`. */
  async overview(owner: string): Promise<FilesOverview | null> {
    const { imports, areImportsAllowed } = this.#options;
    return areImportsAllowed ? imports.overview(owner) : null;
  }

  /** Why no files stand in for the old account of a run by files; `null`: they do, or need not. */
  async filesGone({
    owner,
    source,
    isFromFile: goesByFiles,
  }: Pick<Run, "owner" | "source" | "isFromFile">): Promise<FilesGone | null> {
    const { accounts, areImportsAllowed } = this.#options;
    if (!goesByFiles || (await accounts.get(owner, "source")) !== null) return null;
    if (!areImportsAllowed) return "switched_off";
    return (await this.fromFile(owner))?.userId === source ? null : "lost";
  }

  /** What files can do without the old account; nothing if imports are switched off. */
  async filesInstead(owner: string): Promise<{ files?: FilesInstead }> {
    if (!this.#options.areImportsAllowed) return {};
    const file = await this.fromFile(owner);
    return { files: file === null ? { kind: "none" } : { ...file, kind: "imported" } };
  }

  /** The result of a command. If it lacks the old account, with what files can do. */
  async withFiles<Result extends { status: string }>(
    owner: string,
    result: Result | CannotDecide,
  ): Promise<Result | CannotDecide> {
    return isCannotDecide(result) && lacksOldAccount(result)
      ? { ...result, ...(await this.filesInstead(owner)) }
      : result;
  }

  /** What a person's files say about an old account; `null` if they say nothing about it. */
  async imported(owner: string, { userId }: Pick<OldAccount, "userId">): Promise<ImportedAccount | null> {
    if ((await this.fromFile(owner))?.userId !== userId) return null;
    const content = await this.#options.imports.content(owner);
    // Files of another account may have taken their place meanwhile.
    return content?.userId === userId ? content : null;
  }

  /** Files about another account than the old one of a move, which the move does not use. */
  async otherFiles(owner: string, { userId }: Pick<OldAccount, "userId">): Promise<{ otherFiles?: string }> {
    const file = await this.fromFile(owner);
    return file === null || file.userId === userId ? {} : { otherFiles: file.userId };
  }

  /**
   * The accounts of a run.
   * @returns `null` if one of them cannot be used. A run that began with a session of the old
   * account does not go on by files.
   */
  async ofRun(run: Pick<Run, "owner" | Side | "isFromFile">): Promise<MovedAccounts | null> {
    const found = await this.perhapsOfRun(run);
    return found.source === null || found.target === null
      ? null
      : { source: found.source, target: found.target };
  }

  /** The accounts of a run, as far as they can be used. */
  async perhapsOfRun({
    owner,
    isFromFile: goesByFiles,
    ...run
  }: Pick<Run, "owner" | Side | "isFromFile">): Promise<FoundAccounts> {
    const { source, target } = await this.of(owner);
    const isSource = source?.userId === run.source && (goesByFiles || !isFromFile(source));
    return { source: isSource ? source : null, target: target?.userId === run.target ? target : null };
  }
}

function isCannotDecide(result: { status: string }): result is CannotDecide {
  return result.status === "not_signed_in" || result.status === "not_read";
}

function lacksOldAccount(result: CannotDecide): boolean {
  return result.status === "not_signed_in"
    ? result.missing.includes("source")
    : result.account.side === "source";
}
