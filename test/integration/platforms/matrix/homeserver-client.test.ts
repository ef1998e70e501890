import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import { HomeserverClient, apiPath } from "../../../../src/platforms/matrix/api/homeserver-client.ts";
import { PageError } from "../../../../src/platforms/matrix/api/page-error.ts";
import type { Answer } from "./loopback-server.ts";
import { failureOf, openFetch, sendJson, startServer, startSocketServer } from "./loopback-server.ts";

const TOKEN = "syt_SeCrEt";
const PASSWORD = "hunter two";
const schema = z.object({ name: z.string() });

async function startClient(answer: Answer) {
  const server = await startServer(answer);
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const client = new HomeserverClient({
    baseUrl: `${server.url}/base/`,
    fetch: openFetch(),
    log,
    accessToken: () => TOKEN,
  });
  return { server, client, lines };
}

function get(client: HomeserverClient) {
  return client.request({ method: "GET", path: "/_matrix/x", schema });
}

describe("apiPath", () => {
  it("makes every value one segment", () => {
    expect(apiPath`/rooms/${"!a/b?c#d:örg.example"}/state/${"m.room.member"}`).toBe(
      "/rooms/!a%2Fb%3Fc%23d%3A%C3%B6rg.example/state/m.room.member",
    );
  });

  it.each(["", ".", ".."])("refuses %j, which would name another endpoint", (value) => {
    expect(() => apiPath`/rooms/${value}/state`).toThrow(TypeError);
  });
});

describe("a request", () => {
  it("carries token, query and body, and keeps only the fields that are used", async () => {
    const { server, client } = await startClient((_request, response) => {
      sendJson(response, 200, { name: "a", more: true });
    });
    const query = { since: "s 1&2", limit: 3, full: false, via: ["a.example", "b.example"], none: undefined };
    expect(
      await client.request({ method: "PUT", path: "/_matrix/x", query, body: { a: [1] }, schema }),
    ).toEqual({ name: "a" });
    expect(server.requests[0]).toMatchObject({
      method: "PUT",
      url: "/base/_matrix/x?since=s+1%262&limit=3&full=false&via=a.example&via=b.example",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: '{"a":[1]}',
    });
  });

  it("carries no token when the client has none", async () => {
    const { server, client } = await startClient((_request, response) => {
      sendJson(response, 200, { name: "a" });
    });
    await get(client.withAccessToken(null));
    await get(client.withAccessToken(async () => await Promise.resolve("other")));
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, "Bearer other"]);
  });

  it.each([["{}"], ["null"], [""], [" \n"]])("reads the empty answer %j as absent values", async (text) => {
    const { client } = await startClient((_request, response) => response.end(text));
    expect(
      await client.request({
        method: "GET",
        path: "/_matrix/x",
        schema: z.object({ name: z.string().optional() }),
      }),
    ).toEqual({});
  });

  it("logs the path and the status, and neither token nor query nor body", async () => {
    const { client, lines } = await startClient((_request, response) => {
      sendJson(response, 200, { name: "private" });
    });
    await client.request({
      method: "POST",
      path: "/_matrix/x",
      query: { since: "s12" },
      body: { password: PASSWORD },
      schema,
    });
    expect(lines.join("")).toContain('"path":"/_matrix/x","status":200');
    expect(lines.join("")).not.toMatch(/SeCrEt|hunter|s12|private/);
  });
});

describe("a medium", () => {
  const medium = { bytes: new TextEncoder().encode("\u0000image"), contentType: "image/png" };
  const path = "/_matrix/client/v1/media/download/a.example/1";

  it("is uploaded as it is", async () => {
    const { server, client } = await startClient((_request, response) => {
      sendJson(response, 200, { name: "mxc" });
    });
    const query = { filename: "a b.png" };
    expect(await client.upload({ path: "/_matrix/media/v3/upload", query, medium, schema })).toEqual({
      name: "mxc",
    });
    expect(server.requests[0]).toMatchObject({
      method: "POST",
      url: "/base/_matrix/media/v3/upload?filename=a+b.png",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "image/png" },
      body: "\u0000image",
    });
  });

  it("is downloaded with its type, as far as the limit allows", async () => {
    const { client } = await startClient((_request, response) => {
      response.writeHead(200, { "content-type": "image/png" }).end(medium.bytes);
    });
    const { bytes, contentType } = await client.download({ path });
    expect([Buffer.from(bytes), contentType]).toEqual([Buffer.from(medium.bytes), "image/png"]);
    expect(await failureOf(client.download({ path, maxBytes: 3 }))).toMatchObject({ reason: "too_large" });
  });

  it("is not fetched from another server, which would get the token", async () => {
    const elsewhere = await startServer((_request, response) => response.end("image"));
    const { client } = await startClient((_request, response) => {
      response.writeHead(302, { location: elsewhere.url }).end();
    });
    expect(await failureOf(client.download({ path }))).toMatchObject({ reason: "redirect_refused" });
    expect(elsewhere.requests).toEqual([]);
  });

  it("causes an error like any other if it is refused", async () => {
    const { client } = await startClient((_request, response) => {
      sendJson(response, 413, { errcode: "M_TOO_LARGE", error: "Too large" });
    });
    for (const refused of [client.download({ path }), client.upload({ path, medium, schema })]) {
      expect(await failureOf(refused)).toMatchObject({
        status: 413,
        errcode: "M_TOO_LARGE",
        text: "Too large",
      });
    }
  });
});

describe("an unusable answer", () => {
  it.each<{ name: string; answer: Answer; reason: string }>([
    {
      name: "is a web page",
      answer: (_request, response) => response.end("<!DOCTYPE html><title>Welcome</title>"),
      reason: "not_json",
    },
    {
      name: "is broken JSON",
      answer: (_request, response) => response.end('{"name": "a"'),
      reason: "not_json",
    },
    { name: "is a list", answer: (_request, response) => response.end("[]"), reason: "unexpected_answer" },
    {
      name: "lacks a field",
      answer: (_request, response) => response.end('{"other": 1}'),
      reason: "unexpected_answer",
    },
    {
      name: "has a field of another kind",
      answer: (_request, response) => response.end('{"name": 5}'),
      reason: "unexpected_answer",
    },
    {
      name: "is a redirect to nowhere",
      answer: (_request, response) => response.writeHead(304).end(),
      reason: "unexpected_answer",
    },
    {
      name: "is ten megabytes",
      answer: (_request, response) => response.end(" ".repeat(10_485_760)),
      reason: "too_large",
    },
    { name: "hangs up", answer: (_request, response) => response.destroy(), reason: "reset" },
  ])("is an error when it $name", async ({ answer, reason }) => {
    const { client } = await startClient(answer);
    const error = await failureOf(get(client));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ reason });
  });

  it("is reported with the name of the wrong field, not its value", async () => {
    const { client } = await startClient((_request, response) => {
      sendJson(response, 200, { name: ["private"] });
    });
    const error = await failureOf(get(client));
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+: unexpected_answer \(name: invalid_type\)$/);
  });
});

describe("an error answer", () => {
  it.each([
    {
      name: "with a time in the header",
      body: { errcode: "M_LIMIT_EXCEEDED" },
      headers: { "retry-after": "8" },
      retryAfterMs: 8_000,
    },
    {
      name: "with an exact time, too",
      body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 7_400 },
      headers: { "retry-after": "8" },
      retryAfterMs: 7_400,
    },
    {
      name: "with a time in the body",
      body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 7_400 },
      headers: {},
      retryAfterMs: 7_400,
    },
    { name: "without a time", body: { errcode: "M_LIMIT_EXCEEDED" }, headers: {}, retryAfterMs: null },
  ])("is read for the wait: a 429 $name", async ({ body, headers, retryAfterMs }) => {
    const { client } = await startClient((_request, response) => {
      sendJson(response, 429, body, headers);
    });
    expect(await failureOf(get(client))).toMatchObject({
      errcode: "M_LIMIT_EXCEEDED",
      status: 429,
      retryAfterMs,
    });
  });

  it("may be a web page of a proxy", async () => {
    const { client } = await startClient((_request, response) =>
      response.writeHead(502).end("<html>Bad Gateway</html>"),
    );
    const error = await failureOf(get(client));
    expect(error).toBeInstanceOf(PageError);
    expect(error).toMatchObject({ reason: "not_json", status: 502, retryAfterMs: null });
  });

  it("is not followed by another try", async () => {
    const { client, server } = await startClient((_request, response) => response.writeHead(500).end());
    await failureOf(get(client));
    expect(server.requests).toHaveLength(1);
  });
});

describe("an error", () => {
  async function wordsOf(client: HomeserverClient): Promise<string> {
    const query = { q: PASSWORD };
    const body = { password: PASSWORD };
    const error = await failureOf(
      client.request({ method: "POST", path: "/_matrix/x", query, body, secrets: [PASSWORD], schema }),
    );
    const lines: string[] = [];
    pino({}, { write: (line: string) => void lines.push(line) }).error({ err: error }, "failed");
    return `${error.stack} ${JSON.stringify(error)} ${String(error.cause)} ${lines.join("")}`;
  }

  it.each<{ name: string; answer: Answer }>([
    {
      name: "repeats them as an error",
      answer: ({ headers, body }, response) => {
        sendJson(response, 403, { errcode: TOKEN, error: `${headers.authorization} ${body}` });
      },
    },
    {
      name: "repeats them as an answer",
      answer: ({ headers, body }, response) => {
        sendJson(response, 200, { name: [headers.authorization, body] });
      },
    },
    {
      name: "repeats them as a page",
      answer: ({ headers, body }, response) => response.end(`<p>${headers.authorization} ${body}`),
    },
    {
      name: "repeats them as a status page",
      answer: ({ headers, body }, response) =>
        response.writeHead(500).end(`<p>${headers.authorization} ${body}`),
    },
    {
      name: "redirects with them",
      answer: (_request, response) =>
        response.writeHead(302, { location: `https://${TOKEN}.example/${TOKEN}` }).end(),
    },
    { name: "hangs up", answer: (_request, response) => response.destroy() },
  ])("holds no secret when the server $name", async ({ answer }) => {
    const { client } = await startClient(answer);
    expect(await wordsOf(client)).not.toMatch(/secret|hunter/i);
  });

  it("holds no secret when the server does not speak HTTP", async () => {
    const server = await startSocketServer((socket) => {
      socket.once("data", (chunk) => socket.end(chunk));
    });
    const log = pino({ level: "silent" });
    const client = new HomeserverClient({
      baseUrl: server.url,
      fetch: openFetch(),
      log,
      accessToken: () => TOKEN,
    });
    expect(await wordsOf(client)).not.toMatch(/secret|hunter/i);
  });
});
