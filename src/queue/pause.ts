const FIRST_MS = 1_000;
/**
 * The longest pauses by cause. Storage works again when there is room. A bug stays, and each try
 * costs requests.
 */
const LONGEST_MS = { storage: 30_000, bug: 15 * 60_000 } as const;

/** The pause before work is tried again after a number of failures in a row. */
export function growingPauseMs(failures: number, cause: keyof typeof LONGEST_MS = "storage"): number {
  return Math.min(LONGEST_MS[cause], FIRST_MS * 2 ** Math.min(Math.max(0, failures - 1), 20));
}

/** Resolves after the time, or at once when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
