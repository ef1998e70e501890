import type { RateLimits } from "../model/rate-limits.ts";
import type { PlatformSignIn } from "./sign-in.ts";

/** The names of platforms in stored rows. */
export const PLATFORM_NAMES = ["matrix"] as const;
export type PlatformName = (typeof PLATFORM_NAMES)[number];

/** What a platform provides to the layers above it. They know platforms only by this interface. */
export interface Platform {
  readonly name: PlatformName;
  readonly signIn: PlatformSignIn;
  /** The default limits of its servers. The queue paces requests by them. */
  readonly rateLimits: RateLimits;
}
