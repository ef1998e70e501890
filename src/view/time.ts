const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

/** A moment in words, in UTC: the bot does not know where the person is. */
export function formatTime(at: number): string {
  return `${dateTime.format(at)} UTC`;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** A duration in words, rounded up to what a person plans with. */
export function formatDuration(ms: number): string {
  if (ms <= 90 * SECOND_MS) return count(Math.max(1, Math.ceil(ms / SECOND_MS)), "second");
  if (ms <= 90 * MINUTE_MS) return count(Math.ceil(ms / MINUTE_MS), "minute");
  return count(Math.ceil(ms / HOUR_MS), "hour");
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
}
