import { vi } from "vitest";

const MAX_TICKS = 1_000;
const TICK_MS = 100;

/** Moves the fake clock forward until something is so. @throws after 100 seconds of that clock */
export async function passTimeUntil(isReached: () => Promise<boolean> | boolean): Promise<void> {
  for (let tick = 0; tick < MAX_TICKS; tick += 1) {
    if (await isReached()) return;
    await vi.advanceTimersByTimeAsync(TICK_MS);
  }
  throw new Error("what the test waits for does not come");
}
