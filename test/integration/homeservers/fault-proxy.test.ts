import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFaultProxy, type FaultProxy, type Rule } from "../../support/faults/fault-proxy.ts";

/** What the tests of this file share. */
interface Fixture {
  server: Server;
  proxy: FaultProxy;
  reached: string[];
  /**
   * Lets the second half of an answer to a path that begins with /stream be sent. The first half is
   * sent at once. Every other answer holds the request itself.
   */
  finish: () => void;
}

const fixture = {} as Fixture;

beforeEach(async () => {
  fixture.reached = [];
  fixture.server = createServer((request, response) => {
    fixture.reached.push(`${request.method} ${request.url}`);
    if (request.url?.startsWith("/stream") === true) {
      response.write("first,");
      fixture.finish = () => response.end("second");
      return;
    }
    void text(request).then((body) => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ body, authorization: request.headers.authorization ?? "" }));
    });
  });
  fixture.server.listen(0, "127.0.0.1");
  await once(fixture.server, "listening");
  fixture.proxy = await startFaultProxy({
    target: `http://127.0.0.1:${(fixture.server.address() as AddressInfo).port}`,
    seed: 7,
  });
});

afterEach(async () => {
  await fixture.proxy.stop();
  fixture.server.closeAllConnections();
  fixture.server.close();
});

describe("the fault proxy", () => {
  it("passes everything on unchanged without a rule", async () => {
    const body = "x".repeat(3_000_000);
    const response = await fetch(`${fixture.proxy.url}/a?b=c`, {
      method: "POST",
      headers: { Authorization: "Bearer t" },
      body,
    });
    expect(await response.json()).toEqual({ body, authorization: "Bearer t" });
    expect(fixture.reached).toEqual(["POST /a?b=c"]);
    expect(fixture.proxy.requests).toEqual([
      expect.objectContaining({ index: 0, method: "POST", path: "/a", status: 200, fault: undefined }),
    ]);
  });

  it("passes an answer on as it arrives, as a long poll needs", async () => {
    const response = await fetch(`${fixture.proxy.url}/stream`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("first,");
    fixture.finish();
    expect((await reader?.read())?.value).toBe("second");
  });

  it("ends its request to the server when the client ends its own", async () => {
    const closed = new Promise((resolve) =>
      fixture.server.once("request", (request) => request.once("close", resolve)),
    );
    const abort = new AbortController();
    const response = await fetch(`${fixture.proxy.url}/stream`, { signal: abort.signal });
    abort.abort();
    await expect(response.text()).rejects.toThrow("aborted");
    await closed;
  });

  it("resets a connection before the server gets the request", async () => {
    fixture.proxy.setRule(() => ({ kind: "reset" }));
    await expect(fetch(`${fixture.proxy.url}/a`)).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
    expect(fixture.reached).toEqual([]);
  });

  it("loses the answer of a server that handled the request", async () => {
    fixture.proxy.setRule(() => ({ kind: "lose-answer" }));
    await expect(fetch(`${fixture.proxy.url}/a`, { method: "PUT", body: "x" })).rejects.toThrow(
      "fetch failed",
    );
    expect(fixture.reached).toEqual(["PUT /a"]);
  });

  it("cuts an answer short", async () => {
    fixture.proxy.setRule(() => ({ kind: "truncate", bytes: 5 }));
    const response = await fetch(`${fixture.proxy.url}/a`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("hangs until the client gives up", async () => {
    fixture.proxy.setRule(() => ({ kind: "hang" }));
    await expect(fetch(`${fixture.proxy.url}/a`, { signal: AbortSignal.timeout(100) })).rejects.toThrow(
      "timeout",
    );
    expect(fixture.reached).toEqual([]);
  });

  it("delays a request", async () => {
    fixture.proxy.setRule(() => ({ kind: "delay", ms: 30 }));
    expect((await fetch(`${fixture.proxy.url}/a`)).status).toBe(200);
  });

  it("delays an answer", async () => {
    fixture.proxy.setRule(() => ({ kind: "delay-answer", ms: 200 }));
    const reachedAt = once(fixture.server, "request").then(() => Date.now());
    expect((await fetch(`${fixture.proxy.url}/a`)).status).toBe(200);
    expect(Date.now() - (await reachedAt)).toBeGreaterThan(190);
  });

  it("holds a request until it is released", async () => {
    const { promise: until, resolve: letGo } = Promise.withResolvers<undefined>();
    fixture.proxy.setRule(() => ({ kind: "hold", until }));
    const answer = fetch(`${fixture.proxy.url}/a`);
    await expect.poll(() => fixture.proxy.requests).toHaveLength(1);
    expect(fixture.reached).toEqual([]);
    letGo(undefined);
    expect((await answer).status).toBe(200);
    expect(fixture.reached).toEqual(["GET /a"]);
  });

  it("limits requests like a homeserver, with and without the wait", async () => {
    fixture.proxy.setRule([
      ({ index }) => (index === 0 ? { kind: "limit", retryAfterMs: 1500 } : undefined),
      () => ({ kind: "limit" }),
    ]);
    const withWait = await fetch(`${fixture.proxy.url}/a`);
    expect([withWait.status, withWait.headers.get("Retry-After"), await withWait.json()]).toEqual([
      429,
      "2",
      { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", retry_after_ms: 1500 },
    ]);
    const withoutWait = await fetch(`${fixture.proxy.url}/a`, { method: "POST", body: "x" });
    expect([withoutWait.status, withoutWait.headers.get("Retry-After"), await withoutWait.json()]).toEqual([
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
    fixture.proxy.setRule(() => fault);
    const response = await fetch(`${fixture.proxy.url}/a`, { redirect: "manual" });
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(body);
    expect(fixture.reached).toEqual([]);
  });

  it("answers with ten megabytes of JSON", async () => {
    fixture.proxy.setRule(() => ({ kind: "huge" }));
    const answer = await (await fetch(`${fixture.proxy.url}/a`)).text();
    expect(answer.length).toBeGreaterThan(10_000_000);
    expect(Object.keys(JSON.parse(answer) as object)).toEqual(["padding"]);
  });

  it("stops, also during an open connection, and starts again at the same address", async () => {
    const open = await fetch(`${fixture.proxy.url}/stream`);
    await fixture.proxy.down();
    await expect(open.text()).rejects.toThrow("terminated");
    await expect(fetch(`${fixture.proxy.url}/a`)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    await fixture.proxy.up();
    expect((await fetch(`${fixture.proxy.url}/a`)).status).toBe(200);
  });

  it("repeats its faults for the same seed", async () => {
    const other = await startFaultProxy({ target: fixture.proxy.url, seed: 7 });
    const sometimes: Rule = (_, random) => (random() < 0.5 ? { kind: "html" } : undefined);
    const pattern = async (tried: FaultProxy): Promise<boolean[]> => {
      tried.setRule(sometimes);
      for (let request = 0; request < 12; request += 1) await (await fetch(`${tried.url}/a`)).text();
      tried.setRule();
      return tried.requests.slice(0, 12).map(({ fault }) => fault !== undefined);
    };
    const [first, second] = [await pattern(fixture.proxy), await pattern(other)];
    expect(first).toEqual(second);
    expect(new Set(first).size).toBe(2);
    await other.stop();
  });
});
