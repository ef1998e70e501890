import type { Logger } from "pino";
import type { Account, Side } from "../../model/account.ts";
import type { GuardedFetch } from "../../network/guarded-fetch.ts";
import type { ClientIntroduction } from "../../platforms/matrix/sign-in/oauth/device-authorization.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { SignInLink, SignInLinks } from "../../store/sign-in-links.ts";
import type { Sessions } from "./sessions.ts";
import type { LinkNews } from "./results.ts";

export interface SignInOptions {
  accounts: Accounts;
  links: SignInLinks;
  sessions: Sessions;
  fetch: GuardedFetch;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  introduction: ClientIntroduction;
  /** Tells the person who waits what has become of a sign-in by link. */
  tell: (link: SignInLink, news: LinkNews) => Promise<void>;
  /** Called when an account was signed in, and stored: what stopped for want of it can go on. */
  onSignedIn?: (owner: string, side: Side, account: Account) => void;
  now: () => number;
  log: Logger;
}
