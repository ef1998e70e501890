import type { OfferedSession } from "../worker/offer.ts";

/** The largest request, in bytes. Proxies often take one megabyte. */
const MAX_BATCH_BYTES = 500_000;

/** Divides sessions into batches. No batch is empty. */
export async function* batchesOf(
  offers: AsyncIterable<readonly OfferedSession[]>,
  batchSize: () => number,
): AsyncGenerator<readonly OfferedSession[], void, undefined> {
  let batch: OfferedSession[] = [];
  let bytes = 0;
  for await (const sessions of offers) {
    for (const session of sessions) {
      if (batch.length > 0 && (batch.length >= batchSize() || bytes + session.bytes > MAX_BATCH_BYTES)) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(session);
      bytes += session.bytes;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Makes the next value while the present one is used. */
export async function* oneAhead<Value>(
  values: AsyncGenerator<Value, void, undefined>,
): AsyncGenerator<Value, void, undefined> {
  const take = () => {
    const next = values.next();
    // The error is thrown when the value is asked for.
    next.catch(() => undefined);
    return next;
  };
  let next = take();
  try {
    for (let result = await next; result.done !== true; result = await next) {
      next = take();
      yield result.value;
    }
  } finally {
    await values.return();
  }
}
