import { UnreachableError } from "../../../network/unreachable-error.ts";
import { HomeserverError, isLimited, passingCause } from "../api/homeserver-error.ts";
import { SERVER_AWAY } from "../api/server-away.ts";
import { FailureBudget } from "./failure-budget.ts";
import type { Reader } from "./reader.ts";
import { checkAccount, isFailedRead } from "./unless-unreadable.ts";
import { isTimeout, READING_OVER } from "./with-retries.ts";

/** The account's own server failed, so nothing is known about what was asked. */
class OwnServerFailure extends Error {
  override readonly name = "OwnServerFailure";

  constructor(cause: unknown) {
    super("the account's own server failed", { cause });
  }
}

/** The statuses with which a homeserver says that another one failed. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 504]);

/**
 * Does work with requests that the account's server answers after it has asked other servers. Those
 * may be gone, so a request that they fail is sent once. A failure of the account's own server is
 * none of theirs: it is waited for.
 * @throws HomeserverError, UnreachableError if the account's own server fails, whatever the work
 * does about failed requests
 */
export async function askingOthers<Result>(
  reader: Pick<Reader, "request">,
  work: (asking: Pick<Reader, "request">) => Promise<Result>,
): Promise<Result> {
  const failures = new FailureBudget();
  const request: Reader["request"] = async (asked) => {
    try {
      return await reader.request(asked, { retries: 0, isTimeoutFinal: true });
    } catch (error) {
      if (!mayBeOfOwnServer(error)) throw error;
      throwIfLimited(error);
      await checkAccount(reader).catch((cause: unknown) => {
        throw isFailedRead(cause) ? new OwnServerFailure(cause) : cause;
      });
      if (isTimeout(error) || isOfGateway(error)) throw error;
      const { retries } = failures;
      failures.failed();
      return await reader.request(asked, { retries, isTimeoutFinal: true }).catch((again: unknown) => {
        throwIfLimited(again);
        throw again;
      });
    }
  };
  try {
    return await work({ request });
  } catch (error) {
    throw error instanceof OwnServerFailure ? error.cause : error;
  }
}

/** A request has waited for its limit, and the limit is still there. */
function throwIfLimited(error: unknown): void {
  if (error instanceof HomeserverError && isLimited(error)) throw new OwnServerFailure(error);
}

/** Limits, errors of a server, and missing answers. Refusals are answers. */
function mayBeOfOwnServer(error: unknown): boolean {
  if (error instanceof UnreachableError)
    return SERVER_AWAY.includes(error.reason) && error.detail !== READING_OVER;
  return error instanceof HomeserverError && passingCause(error) !== null;
}

function isOfGateway(error: unknown): boolean {
  return error instanceof HomeserverError && GATEWAY_STATUSES.has(error.status);
}
