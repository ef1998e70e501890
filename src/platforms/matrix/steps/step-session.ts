import type { Side } from "../../../model/account.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
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
