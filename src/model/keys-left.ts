import type { Report } from "./report.ts";

/** The keys of encrypted history in a report. All counts are in keys. */
export interface KeysLeft {
  /** In the old backup. */
  readonly expected: number;
  /** Those that the new backup has as well. */
  readonly present: number;
  /** Missing ones that a copy found unusable. */
  readonly unusable: number;
  /** Missing ones that a copy can bring. */
  readonly toCopy: number;
  /** A server does not show a backup, so that nothing was counted. */
  readonly isUnreadable: boolean;
}

/** @returns only zeros if the report does not cover keys */
export function keysLeft({ categories, keys }: Pick<Report, "categories" | "keys">): KeysLeft {
  const found = categories.find(({ name }) => name === "room_keys");
  const { expected, present } = found ?? { expected: 0, present: 0 };
  const missing = expected - present;
  const unusable = Math.min(keys?.unusable ?? 0, missing);
  return {
    expected,
    present,
    unusable,
    toCopy: missing - unusable,
    isUnreadable: keys?.kind === "unreadable" && found !== undefined && found.missing.length > 0,
  };
}
