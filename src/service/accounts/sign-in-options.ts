import type { Logger } from "pino";
import type { Account, FileAccount, Side } from "../../model/account.ts";
import type { SignInLink } from "../../model/sign-in-link.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { ClientIntroduction } from "../../platforms/sign-in.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { AuthorizationServers } from "../../store/authorization-servers.ts";
import type { SignInLinks } from "../../store/sign-in-links.ts";
import type { LinkNews } from "./results.ts";

export interface SignInOptions {
  accounts: Accounts;
  links: SignInLinks;
  authorizationServers: AuthorizationServers;
  platform: Pick<Platform, "signIn" | "serverName"> & {
    readonly keys: Pick<Platform["keys"], "forgetDevice">;
  };
  introduction: ClientIntroduction;
  /** Reports a change of a sign-in by link to its person. */
  notify: (link: SignInLink, news: LinkNews) => Promise<void>;
  /**
   * Called when an account was signed in and stored. Work that waited for the account can continue.
   */
  onSignedIn?: (owner: string, side: Side, account: Account) => void;
  /** Whether work between two accounts goes on by itself, now that both are signed in. */
  continues?: (account: Account) => Promise<boolean>;
  /** The old account that a person's files are about. */
  fileOf?: (owner: string) => Promise<FileAccount | null>;
  /**
   * Changes the session of an account while no long work uses it. So a session that is replaced is
   * not mistaken for one that has ended.
   */
  whileUnused?: <Result>(owner: string, side: Side, change: () => Promise<Result>) => Promise<Result>;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}
