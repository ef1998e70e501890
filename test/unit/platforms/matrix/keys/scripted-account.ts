import type { AccountDataSession } from "../../../../../src/platforms/matrix/api/account-data.ts";
import type { Given } from "../reading/recorded-server.ts";
import { ME, recordedServer } from "../reading/recorded-server.ts";

export const NOT_FOUND: Given = { status: 404, body: { errcode: "M_NOT_FOUND" } };

export interface ScriptedAccount {
  readonly session: AccountDataSession;
  /** The requests so far: the method, and the path below `/_matrix/client/v3/`. */
  readonly requests: () => string[];
}

/**
 * An account on a server that gives scripted answers, by path below `/_matrix/client/v3/`. All
 * other account data is absent.
 */
export function scriptedAccount(answers: Readonly<Record<string, Given>>): ScriptedAccount {
  const server = recordedServer(({ path }) => {
    const short = path.replace(/^v3\//, "");
    return answers[short] ?? (short.includes("/account_data/") ? NOT_FOUND : undefined);
  });
  return {
    session: { userId: ME, request: server.reader.request },
    requests: () => server.asked.map(({ method, path }) => `${method} ${path.replace(/^v3\//, "")}`),
  };
}

/** The answer for a type of account data. */
export function accountData(type: string, content: unknown): Record<string, Given> {
  return { [`user/${ME}/account_data/${type}`]: { json: content } };
}
