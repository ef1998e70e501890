const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

/** A moment in words, in UTC, because the bot does not know the person's time zone. */
export function formatTime(at: number): string {
  return `${dateTime.format(at)} UTC`;
}

const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

/** A day with its year, in UTC: `30 November 2026`. */
export function formatDate(at: number): string {
  return date.format(at);
}

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });

/** A day in UTC: `30 Nov`. */
export function formatDay(at: number): string {
  return shortDay.format(at);
}

/** The time of day in UTC. */
export function formatClock(at: number): string {
  return `${clock.format(at)} UTC`;
}

/** A future moment: `14:05 UTC (in about 2 hours)`, with the day if it is not today. */
export function formatMoment(at: number, now: number): string {
  const day = dayOfYear.format(at) === dayOfYear.format(now) ? "" : ` on ${dayOfYear.format(at)}`;
  return `${formatClock(at)}${day} (${distance(at - now)})`;
}

function distance(ms: number): string {
  if (ms <= 0) return "any moment now";
  return ms <= 90 * SECOND_MS ? "in about a minute" : `in about ${formatDuration(ms)}`;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** A duration in words, rounded up, because people plan with it. */
export function formatDuration(ms: number): string {
  if (ms <= 90 * SECOND_MS) return count(Math.max(1, Math.ceil(ms / SECOND_MS)), "second");
  if (ms <= 90 * MINUTE_MS) return count(Math.ceil(ms / MINUTE_MS), "minute");
  if (ms <= 48 * HOUR_MS) return count(Math.ceil(ms / HOUR_MS), "hour");
  return count(Math.ceil(ms / (24 * HOUR_MS)), "day");
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
}
