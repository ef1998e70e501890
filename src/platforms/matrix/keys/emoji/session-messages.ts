import { z } from "zod";
import type { Emoji } from "../../../keys.ts";
import type { SessionRequest } from "./session-requests.ts";
import type { SessionResult, VerificationTimes } from "./verified-session.ts";

/** What the thread of a verification needs to begin. */
export const sessionToVerify = z.object({
  userId: z.string(),
  deviceId: z.string(),
  /** The public key of the account's backup. */
  publicKey: z.string(),
  times: z.custom<VerificationTimes>((value) => typeof value === "object"),
  /** The folder of the session's crypto account, and the key that encrypts it: a secret. */
  store: z.object({ path: z.string(), key: z.custom<Uint8Array>((value) => value instanceof Uint8Array) }),
});
export type SessionToVerify = z.output<typeof sessionToVerify>;

/** From the thread of a verification. */
export type FromSession =
  | { readonly kind: "request"; readonly id: number; readonly request: SessionRequest }
  | { readonly kind: "emoji"; readonly emoji: readonly Emoji[] }
  | { readonly kind: "result"; readonly result: SessionResult };

/** To the thread of a verification. */
export type ToSession =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "compared"; readonly areSame: boolean }
  | { readonly kind: "stop" };
