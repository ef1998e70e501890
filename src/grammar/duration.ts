const DAY_MS = 24 * 3_600_000;
const units: Readonly<Record<string, number>> = { d: DAY_MS, w: 7 * DAY_MS, m: 30 * DAY_MS, y: 365 * DAY_MS };

/**
 * Milliseconds of `90d`, `2w`, `6m` (months) or `1y`; null for anything else. The shortest unit is
 * a day.
 */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,4})\s*(d|w|m|y)(?:ays?|eeks?|onths?|ears?)?$/iu.exec(text);
  const unit = units[match?.[2]?.toLowerCase() ?? ""];
  return match?.[1] === undefined || unit === undefined ? null : Number(match[1]) * unit;
}
