import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;
/** That of config/vitest.config.ts for a wait. */
const LIMIT_MS = 5 * 60_000;

/**
 * Looks again until something is there. Unlike expect.poll it also works in hooks, and returns what
 * it found.
 * @param what the end of the sentence "Waited in vain for …"
 */
export async function eventually<Found>(
  what: string,
  look: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await sleep(POLL_MS);
  }
}
