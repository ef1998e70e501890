let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the calls of crypto machines in this process one after another, in the order of the calls.
 *
 * If another call wrote during a sync's outer transaction, a crash would undo that write too,
 * although its caller already counted it as saved. Example: a message was sent, and its ratchet
 * position would be used twice.
 */
export function oneAtATime<T>(work: () => T | Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => undefined);
  return result;
}
