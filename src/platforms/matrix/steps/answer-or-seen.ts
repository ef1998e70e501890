/** A request that has no answer after this time may already have taken effect. */
export const LOOKS_AFTER_MS = 60_000;

/**
 * Sends a request, and looks once whether it has taken effect while it hangs. If it has, the
 * request is ended. Synapse never answers some joins that it has made
 * (`platforms/matrix/README.md`, "Errors of servers").
 * @throws what `send` throws
 */
export async function answerOrSeen(
  send: (signal: AbortSignal) => Promise<unknown>,
  isSeen: () => Promise<boolean>,
): Promise<void> {
  const ending = new AbortController();
  const { promise: seen, resolve } = Promise.withResolvers<null>();
  const look = async (): Promise<void> => {
    // If the look fails too, the answer decides.
    if (await isSeen().catch(() => false)) resolve(null);
  };
  const timer = setTimeout(() => void look(), LOOKS_AFTER_MS);
  try {
    await Promise.race([send(ending.signal), seen]);
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}
