let last: Promise<unknown> = Promise.resolve();

/**
 * Runs one call of a crypto machine at a time in this process, in the order asked for. Were another
 * call to write while a sync's outer transaction is open, a crash would undo that write too, after
 * its caller was told it is saved (for example a message sent, whose ratchet position would then be
 * used twice).
 */
export function oneAtATime<T>(work: () => T | Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => undefined);
  return result;
}
