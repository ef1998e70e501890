import type { Side } from "../../../model/account.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { StepContext } from "./step-context.ts";

/** One of the two accounts, and the requests of its session. */
export interface StepSession extends Pick<HomeserverClient, "request" | "upload" | "download"> {
  readonly userId: string;
}

/** The requests end when the run stops. */
export function sessionOf({ client, userId, signal }: StepContext, side: Side): StepSession {
  const session = client[side];
  return {
    userId: userId[side],
    request: async (request) => await session.request({ ...request, signal }),
    upload: async (request) => await session.upload({ ...request, signal }),
    download: async (request) => await session.download({ ...request, signal }),
  };
}

/**
 * What a request reads, or `undefined` where the server says that there is no such thing. Nothing
 * else counts as absence: not the 404 of a proxy, nor of a server without that endpoint.
 */
export async function unlessAbsent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HomeserverError && error.status === 404 && error.errcode === "M_NOT_FOUND")
      return undefined;
    throw error;
  }
}

/** Whether a server has no such endpoint (CS §Common error codes). */
export function isUnrecognized(error: unknown): boolean {
  return (
    error instanceof HomeserverError &&
    error.errcode === "M_UNRECOGNIZED" &&
    (error.status === 404 || error.status === 405)
  );
}
