/** Far more than a busy machine needs. */
const TIMEOUT_MS = 2 * 60_000;

/**
 * Checks now and after every event until the check finds something.
 *
 * @param what the end of the sentence "Waited too long for …"
 * @param subscribe begins to call the function after each event, and returns how to stop it
 */
export async function until<Found>(
  what: string,
  subscribe: (recheck: () => void) => () => void,
  check: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  let changed = Promise.withResolvers<undefined>();
  const recheck = (): void => changed.resolve(undefined);
  const unsubscribe = subscribe(recheck);
  deadline.addEventListener("abort", recheck);
  try {
    for (;;) {
      changed = Promise.withResolvers<undefined>();
      const found = await check();
      if (found !== undefined) return found;
      if (deadline.aborted) throw new Error(`Waited too long for ${what}`);
      await changed.promise;
    }
  } finally {
    unsubscribe();
    deadline.removeEventListener("abort", recheck);
  }
}
