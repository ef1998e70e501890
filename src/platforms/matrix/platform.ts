import type { Logger } from "pino";
import type { GuardedFetch } from "../../network/guarded-fetch.ts";
import type { Platform } from "../platform.ts";
import type { ClientIntroduction } from "../sign-in.ts";
import { RATE_LIMITS } from "./rate-limits.ts";
import { createMatrixSignIn } from "./sign-in/provider.ts";
import type { SessionStore } from "./sign-in/sessions.ts";
import { Sessions } from "./sign-in/sessions.ts";

export interface MatrixPlatformOptions {
  sessionStore: SessionStore;
  fetch: GuardedFetch;
  /** Server name → client API address, instead of discovery. */
  servers: Readonly<Record<string, string>>;
  introduction: ClientIntroduction;
  now: () => number;
  log: Logger;
}

/** Moving between homeservers. One for the process, so that a session has one renewal at a time. */
export function createMatrixPlatform(options: MatrixPlatformOptions): Platform & { sessions: Sessions } {
  const { sessionStore, fetch, now, log } = options;
  const sessions = new Sessions({ accounts: sessionStore, fetch, now, log });
  return {
    name: "matrix",
    signIn: createMatrixSignIn({ ...options, sessions }),
    rateLimits: RATE_LIMITS,
    sessions,
  };
}
