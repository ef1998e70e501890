import type { RateLimits } from "../model/rate-limits.ts";
import type { PlatformSignIn } from "./sign-in.ts";

/** The platforms that rows name. */
export const PLATFORM_NAMES = ["matrix"] as const;
export type PlatformName = (typeof PLATFORM_NAMES)[number];

/** What a platform gives to the layers above it, which know platforms through this alone. */
export interface Platform {
  readonly name: PlatformName;
  readonly signIn: PlatformSignIn;
  /** The limits that its servers have by default; the queue paces requests by them. */
  readonly rateLimits: RateLimits;
}
