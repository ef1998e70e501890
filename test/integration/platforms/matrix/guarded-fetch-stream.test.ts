import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import type { GuardedFetch, StreamRequest } from "../../../../src/network/guarded-fetch.ts";
import { openFetch, reasonOf, startServer, startSocketServer } from "./loopback-server.ts";

const MEGABYTE = 1_024 * 1_024;
const LIMITS = { idleMs: 10_000, maxBytes: 8 * MEGABYTE };
const TEXT = Buffer.from("0123456789".repeat(200_000));

/** The whole body of a streamed answer. */
async function bodyOf(
  fetch: GuardedFetch,
  url: string,
  changes: Partial<StreamRequest> = {},
): Promise<Buffer> {
  const response = await fetch.stream(url, { ...LIMITS, ...changes });
  if (!("chunks" in response)) throw new Error(`status ${response.status}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("an answer of the guarded fetch in pieces", () => {
  it.each([
    { encoding: "identity", body: TEXT },
    { encoding: "gzip", body: gzipSync(TEXT) },
    { encoding: "br", body: brotliCompressSync(TEXT) },
  ])("is decompressed: $encoding", async ({ encoding, body }) => {
    const server = await startServer((_request, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end(body);
    });
    expect((await bodyOf(openFetch(), server.url)).equals(TEXT)).toBe(true);
  });

  it("is read whole if it is an error", async () => {
    const server = await startServer((_request, response) => response.writeHead(403).end("no"));
    const response = await openFetch().stream(server.url, LIMITS);
    expect(response).toMatchObject({ status: 403, body: Buffer.from("no") });
  });

  it("ends at the limit after decompression", async () => {
    const server = await startServer((_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(TEXT));
    });
    expect(await reasonOf(bodyOf(openFetch(), server.url, { maxBytes: MEGABYTE }))).toBe("too_large");
  });

  it("is not asked of an address that may not be contacted", async () => {
    const server = await startServer((_request, response) => response.end());
    const fetch = openFetch({ allowPrivate: [] });
    expect(await reasonOf(bodyOf(fetch, server.url))).toBe("forbidden_address");
    expect(server.requests).toEqual([]);
  });

  it("does not carry its token to another server", async () => {
    const other = await startServer((_request, response) => response.end("here"));
    const server = await startServer((_request, response) => {
      response.writeHead(302, { location: other.url }).end();
    });
    const headers = { authorization: "Bearer secret" };
    expect(await reasonOf(bodyOf(openFetch(), server.url, { headers }))).toBe("redirect_refused");
    expect(other.requests).toEqual([]);
    expect((await bodyOf(openFetch(), server.url)).toString()).toBe("here");
  });

  it("is a failed connection if it breaks off", async () => {
    const server = await startSocketServer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", () => socket.destroy());
      });
    });
    expect(await reasonOf(bodyOf(openFetch(), server.url))).toBe("reset");
  });

  it("is not waited for if no byte comes for long, before or in it", async () => {
    const silent = await startSocketServer(() => undefined);
    expect(await reasonOf(bodyOf(openFetch(), silent.url, { idleMs: 50 }))).toBe("timeout");
    const slow = await startServer((_request, response) => {
      response.writeHead(200).write("abc");
    });
    expect(await reasonOf(bodyOf(openFetch(), slow.url, { idleMs: 50 }))).toBe("timeout");
  });

  it("waits for a caller who is slow", async () => {
    const server = await startServer((_request, response) => response.end(TEXT));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const response = await openFetch().stream(server.url, LIMITS);
    let bytes = 0;
    for await (const chunk of "chunks" in response ? response.chunks : []) {
      vi.advanceTimersByTime(LIMITS.idleMs * 2);
      bytes += chunk.length;
    }
    vi.useRealTimers();
    expect(bytes).toBe(TEXT.length);
  });

  it("ends when its signal is aborted in the middle", async () => {
    const stop = new AbortController();
    const server = await startServer((_request, response) => {
      response.writeHead(200).write("abc");
    });
    const response = await openFetch().stream(server.url, { ...LIMITS, signal: stop.signal });
    const reading = (async () => {
      for await (const _chunk of "chunks" in response ? response.chunks : []) stop.abort();
    })();
    expect(await reasonOf(reading)).toBe("aborted");
  });

  it("closes its connection when the caller leaves early", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<undefined>();
    const server = await startServer((_request, response) => {
      response.on("close", () => resolve(undefined));
      response.writeHead(200).write("abc");
    });
    const response = await openFetch().stream(server.url, LIMITS);
    for await (const _chunk of "chunks" in response ? response.chunks : []) break;
    await closed;
  });
});
