import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startFaultProxy, type FaultProxy, type Rule } from "../../support/faults/fault-proxy.ts";

let server: Server;
let proxy: FaultProxy;
let reached: string[];

// Answers with what it got; a path that begins with /stream sends its first half and waits for
// `finish`.
let finish: () => void;

beforeEach(async () => {
  reached = [];
  server = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    if (request.url?.startsWith("/stream") === true) {
      response.write("first,");
      finish = () => response.end("second");
      return;
    }
    void text(request).then((body) => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ body, authorization: request.headers.authorization ?? "" }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startFaultProxy({
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seed: 7,
  });
});

afterEach(async () => {
  await proxy.stop();
  server.closeAllConnections();
  server.close();
});

describe("the fault proxy", () => {
  it("passes everything on unharmed without a rule", async () => {
    const body = "x".repeat(3_000_000);
    const response = await fetch(`${proxy.url}/a?b=c`, {
      method: "POST",
      headers: { Authorization: "Bearer t" },
      body,
    });
    expect(await response.json()).toEqual({ body, authorization: "Bearer t" });
    expect(reached).toEqual(["POST /a?b=c"]);
    expect(proxy.requests).toEqual([
      expect.objectContaining({ index: 0, method: "POST", path: "/a", status: 200, fault: undefined }),
    ]);
  });

  it("passes an answer on as it comes, as a long poll needs", async () => {
    const response = await fetch(`${proxy.url}/stream`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("first,");
    finish();
    expect((await reader?.read())?.value).toBe("second");
  });

  it("gives up towards the server when the client does", async () => {
    const closed = new Promise((resolve) =>
      server.once("request", (request) => request.once("close", resolve)),
    );
    const abort = new AbortController();
    const response = await fetch(`${proxy.url}/stream`, { signal: abort.signal });
    abort.abort();
    await expect(response.text()).rejects.toThrow("aborted");
    await closed;
  });

  it("resets a connection before the server hears of it", async () => {
    proxy.setRule(() => ({ kind: "reset" }));
    await expect(fetch(`${proxy.url}/a`)).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
    expect(reached).toEqual([]);
  });

  it("loses the answer of a server that did the work", async () => {
    proxy.setRule(() => ({ kind: "lose-answer" }));
    await expect(fetch(`${proxy.url}/a`, { method: "PUT", body: "x" })).rejects.toThrow("fetch failed");
    expect(reached).toEqual(["PUT /a"]);
  });

  it("cuts an answer short", async () => {
    proxy.setRule(() => ({ kind: "truncate", bytes: 5 }));
    const response = await fetch(`${proxy.url}/a`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("hangs until the client gives up", async () => {
    proxy.setRule(() => ({ kind: "hang" }));
    await expect(fetch(`${proxy.url}/a`, { signal: AbortSignal.timeout(100) })).rejects.toThrow("timeout");
    expect(reached).toEqual([]);
  });

  it("passes on later", async () => {
    proxy.setRule(() => ({ kind: "delay", ms: 30 }));
    expect((await fetch(`${proxy.url}/a`)).status).toBe(200);
  });

  it("lets the answer come later than the work is done", async () => {
    proxy.setRule(() => ({ kind: "delay-answer", ms: 200 }));
    const reachedAt = once(server, "request").then(() => Date.now());
    expect((await fetch(`${proxy.url}/a`)).status).toBe(200);
    expect(Date.now() - (await reachedAt)).toBeGreaterThan(190);
  });

  it("holds a request until it is let go", async () => {
    const { promise: until, resolve: letGo } = Promise.withResolvers<undefined>();
    proxy.setRule(() => ({ kind: "hold", until }));
    const answer = fetch(`${proxy.url}/a`);
    await vi.waitFor(() => expect(proxy.requests).toHaveLength(1), { timeout: 10_000 });
    expect(reached).toEqual([]);
    letGo(undefined);
    expect((await answer).status).toBe(200);
    expect(reached).toEqual(["GET /a"]);
  });

  it("limits requests as a homeserver does, with and without the wait", async () => {
    proxy.setRule([
      ({ index }) => (index === 0 ? { kind: "limit", retryAfterMs: 1500 } : undefined),
      () => ({ kind: "limit" }),
    ]);
    const told = await fetch(`${proxy.url}/a`);
    expect([told.status, told.headers.get("Retry-After"), await told.json()]).toEqual([
      429,
      "2",
      { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", retry_after_ms: 1500 },
    ]);
    const untold = await fetch(`${proxy.url}/a`, { method: "POST", body: "x" });
    expect([untold.status, untold.headers.get("Retry-After"), await untold.json()]).toEqual([
      429,
      null,
      { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests" },
    ]);
  });

  it.each([
    [{ kind: "status", status: 503 }, 503, /^\{"errcode":"M_UNKNOWN"/],
    [{ kind: "html", status: 502 }, 502, /^<!DOCTYPE html>/],
    [{ kind: "redirect", location: "http://127.0.0.1:1/" }, 302, /^$/],
  ] as const)("answers itself: %j", async (fault, status, body) => {
    proxy.setRule(() => fault);
    const response = await fetch(`${proxy.url}/a`, { redirect: "manual" });
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(body);
    expect(reached).toEqual([]);
  });

  it("answers with ten megabytes of JSON", async () => {
    proxy.setRule(() => ({ kind: "huge" }));
    const answer = await (await fetch(`${proxy.url}/a`)).text();
    expect(answer.length).toBeGreaterThan(10_000_000);
    expect(Object.keys(JSON.parse(answer) as object)).toEqual(["padding"]);
  });

  it("goes down, also under an open connection, and comes back at the same address", async () => {
    const open = await fetch(`${proxy.url}/stream`);
    await proxy.down();
    await expect(open.text()).rejects.toThrow("terminated");
    await expect(fetch(`${proxy.url}/a`)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    await proxy.up();
    expect((await fetch(`${proxy.url}/a`)).status).toBe(200);
  });

  it("repeats its faults for the same seed", async () => {
    const other = await startFaultProxy({ target: proxy.url, seed: 7 });
    const sometimes: Rule = (_, random) => (random() < 0.5 ? { kind: "html" } : undefined);
    const pattern = async (tried: FaultProxy): Promise<boolean[]> => {
      tried.setRule(sometimes);
      for (let request = 0; request < 12; request += 1) await (await fetch(`${tried.url}/a`)).text();
      tried.setRule();
      return tried.requests.slice(0, 12).map(({ fault }) => fault !== undefined);
    };
    const [first, second] = [await pattern(proxy), await pattern(other)];
    expect(first).toEqual(second);
    expect(new Set(first).size).toBe(2);
    await other.stop();
  });
});
