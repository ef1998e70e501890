import type {
  GuardedFetch,
  GuardedRequest,
  GuardedResponse,
  StreamRequest,
} from "../../../src/network/guarded-fetch.ts";

/** A guarded fetch whose answers a function gives. A streamed answer is one piece. */
export function fetchOfAnswers(
  answer: (url: string, request?: GuardedRequest) => Promise<GuardedResponse>,
): GuardedFetch {
  const stream = async (url: string, { headers = {}, maxBytes, signal }: StreamRequest) => {
    const request = { headers, maxBytes, ...(signal && { signal }) };
    const { body, ...rest } = await answer(url, request);
    const isSuccess = rest.status >= 200 && rest.status < 300;
    return isSuccess ? { ...rest, chunks: onePiece(body) } : { ...rest, body };
  };
  return Object.assign(answer, { stream, close: async () => undefined });
}

async function* onePiece(body: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  await Promise.resolve();
  yield body;
}
