/** The names of platforms in stored rows. */
export const PLATFORM_NAMES = ["matrix"] as const;
export type PlatformName = (typeof PLATFORM_NAMES)[number];
