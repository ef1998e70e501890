import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { DiscoveryError } from "../../../../src/platforms/matrix/api/discovery-error.ts";
import type { DiscoveryOptions } from "../../../../src/platforms/matrix/api/discovery.ts";
import { discoverHomeserver } from "../../../../src/platforms/matrix/api/discovery.ts";
import type { Answer } from "./loopback-server.ts";
import { failureOf, openFetch, redirectOrigins, sendJson, startServer } from "./loopback-server.ts";

const log = pino({ level: "silent" });
const WELL_KNOWN = "/.well-known/matrix/client";
const VERSIONS = "/_matrix/client/versions";

const answerVersions: Answer = (_request, response) => {
  sendJson(response, 200, {
    versions: ["r0.6.1", "v1.1", "v1.12"],
    unstable_features: { "org.example.a": true, "org.example.b": "yes" },
  });
};

function notFound(response: Parameters<Answer>[1]): void {
  sendJson(response, 404, { errcode: "M_NOT_FOUND" });
}

/** A web server at https://old.example, and a homeserver at https://api.old.example/matrix. */
async function discoverThrough(
  wellKnown: Answer,
  versions: Answer = answerVersions,
  options: Partial<DiscoveryOptions> = {},
) {
  const server = await startServer((request, response) => {
    if (request.url === WELL_KNOWN) wellKnown(request, response);
    else if (request.url.endsWith(VERSIONS)) versions(request, response);
    else notFound(response);
  });
  const origins = Object.fromEntries(
    ["https://old.example", "https://old.example:8448", "https://api.old.example"].map((origin) => [
      origin,
      server.url,
    ]),
  );
  const fetch = redirectOrigins(openFetch(), origins);
  const discover = async (serverName: string) =>
    await discoverHomeserver(serverName, { fetch, log, ...options });
  return { server, discover };
}

function pointTo(baseUrl: unknown): Answer {
  return (_request, response) => {
    sendJson(response, 200, { "m.homeserver": { base_url: baseUrl } });
  };
}

describe("discoverHomeserver", () => {
  it("takes the address from .well-known and reads the server's versions", async () => {
    const { discover } = await discoverThrough(pointTo("https://api.old.example/matrix//"));
    expect(await discover("old.example")).toEqual({
      baseUrl: "https://api.old.example/matrix",
      versions: ["r0.6.1", "v1.1", "v1.12"],
      unstableFeatures: { "org.example.a": true },
      isConfigured: false,
    });
  });

  it("asks .well-known at the host without its port", async () => {
    const { discover, server } = await discoverThrough(pointTo("https://api.old.example"));
    expect((await discover("old.example:8448")).baseUrl).toBe("https://api.old.example");
    expect(server.requests[0]).toMatchObject({
      url: WELL_KNOWN,
      headers: { host: `127.0.0.1:${server.port}` },
    });
  });

  it.each(["old.example", "old.example:8448"])(
    "takes %s itself if there is no .well-known",
    async (serverName) => {
      const { discover } = await discoverThrough((_request, response) =>
        response.writeHead(404).end("<h1>Not found</h1>".repeat(100_000)),
      );
      expect((await discover(serverName)).baseUrl).toBe(`https://${serverName}`);
    },
  );

  it("takes the port in the name if nothing answers at port 443", async () => {
    const server = await startServer(answerVersions);
    const fetch = redirectOrigins(openFetch(), {
      "https://old.example": "http://127.0.0.1:1",
      "https://old.example:8448": server.url,
    });
    const found = await discoverHomeserver("old.example:8448", { fetch, log });
    expect(found.baseUrl).toBe("https://old.example:8448");
  });

  it("follows a redirect of .well-known", async () => {
    const other = await startServer(pointTo("https://api.old.example"));
    const { discover } = await discoverThrough((_request, response) =>
      response.writeHead(301, { location: `${other.url}/client` }).end(),
    );
    expect((await discover("old.example")).baseUrl).toBe("https://api.old.example");
  });

  it("asks no .well-known for a server that the configuration names", async () => {
    const server = await startServer(answerVersions);
    const fetch = openFetch();
    const found = await discoverHomeserver("old.test", {
      fetch,
      log,
      servers: { "old.test": `${server.url}/` },
    });
    expect(found.baseUrl).toBe(server.url);
    expect(server.requests.map(({ url }) => url)).toEqual([VERSIONS]);
  });

  it("reads a server that lists no unstable features", async () => {
    const { discover } = await discoverThrough(pointTo("https://api.old.example"), (_request, response) => {
      sendJson(response, 200, { versions: ["v1.5", 7], unstable_features: null });
    });
    expect(await discover("old.example")).toMatchObject({ versions: ["v1.5"], unstableFeatures: {} });
  });

  it.each([
    "",
    "exa mple",
    "old.example:65536",
    "2130706433",
    "old.example/../x",
    "user@old.example",
    "constructor/",
  ])("refuses %j before any lookup", async (serverName) => {
    const { discover, server } = await discoverThrough(pointTo("https://api.old.example"));
    expect(await failureOf(discover(serverName))).toMatchObject({ code: "invalid_server_name", stage: null });
    expect(server.requests).toEqual([]);
  });

  it("sends no request for a server name that is also a property of every object", async () => {
    const fetch = openFetch({ resolve: async () => await Promise.resolve([]) });
    expect(await failureOf(discoverHomeserver("constructor", { fetch, log, servers: {} }))).toMatchObject({
      code: "unreachable",
      reason: "dns",
    });
  });

  it.each<{ name: string; wellKnown: Answer; expected: object }>([
    {
      name: "is a web page",
      wellKnown: (_request, response) => response.end("<html>"),
      expected: { code: "well_known_invalid", action: "prompt" },
    },
    {
      name: "is empty",
      wellKnown: (_request, response) => response.end(),
      expected: { code: "well_known_invalid", action: "prompt" },
    },
    {
      name: "is null",
      wellKnown: (_request, response) => response.end("null"),
      expected: { code: "well_known_invalid", action: "prompt" },
    },
    {
      name: "names no homeserver",
      wellKnown: (_request, response) => response.end("{}"),
      expected: { code: "well_known_invalid", action: "prompt" },
    },
    {
      name: "names a number",
      wellKnown: pointTo(5),
      expected: { code: "well_known_invalid", action: "prompt" },
    },
    {
      name: "names no address",
      wellKnown: pointTo("old.example"),
      expected: { code: "well_known_invalid", action: "error", reason: "invalid_address" },
    },
    {
      name: "names a file",
      wellKnown: pointTo("file:///etc/passwd"),
      expected: { code: "well_known_invalid", action: "error", reason: "invalid_address" },
    },
    {
      name: "names a password",
      wellKnown: pointTo("https://a:b@api.old.example"),
      expected: { code: "well_known_invalid", action: "error", reason: "invalid_address" },
    },
    {
      name: "is forbidden",
      wellKnown: (_request, response) => response.writeHead(403).end(),
      expected: { code: "well_known_invalid", action: "prompt", status: 403 },
    },
    {
      name: "is an error",
      wellKnown: (_request, response) => response.writeHead(500).end(),
      expected: { code: "well_known_invalid", action: "prompt", status: 500 },
    },
    {
      name: "is ten megabytes",
      wellKnown: (_request, response) => response.end(" ".repeat(10_485_760)),
      expected: { code: "well_known_invalid", reason: "too_large" },
    },
    {
      name: "redirects to itself",
      wellKnown: (_request, response) => response.writeHead(302, { location: WELL_KNOWN }).end(),
      expected: { code: "well_known_invalid", reason: "too_many_redirects" },
    },
    {
      name: "redirects to loopback",
      wellKnown: (_request, response) => response.writeHead(302, { location: "http://[::1]/" }).end(),
      expected: { code: "forbidden_address" },
    },
    {
      name: "hangs up",
      wellKnown: (_request, response) => response.destroy(),
      expected: { code: "unreachable", reason: "reset" },
    },
  ])("reports a .well-known that $name", async ({ wellKnown, expected }) => {
    const { discover } = await discoverThrough(wellKnown);
    const error = await failureOf(discover("old.example"));
    expect(error).toBeInstanceOf(DiscoveryError);
    expect(error).toMatchObject({ stage: "well_known", serverName: "old.example", ...expected });
  });

  it.each([
    { name: "loopback", baseUrl: "https://[::1]:8008", code: "forbidden_address" },
    { name: "metadata", baseUrl: "http://169.254.169.254/latest", code: "forbidden_address" },
    { name: "plain HTTP at a public address", baseUrl: "http://8.8.8.8", code: "insecure" },
  ])("does not let .well-known lead to $name", async ({ baseUrl, code }) => {
    const { discover } = await discoverThrough(pointTo(baseUrl));
    expect(await failureOf(discover("old.example"))).toMatchObject({ code, stage: "versions" });
  });

  it.each<{ name: string; versions: Answer; expected: object }>([
    {
      name: "a web page",
      versions: (_request, response) => response.end("<html>"),
      expected: { code: "not_a_homeserver", reason: "not_json" },
    },
    {
      name: "another JSON",
      versions: (_request, response) => response.end('{"versions": "all"}'),
      expected: { code: "not_a_homeserver", reason: "unexpected_answer" },
    },
    {
      name: "no version",
      versions: (_request, response) => response.end('{"versions": []}'),
      expected: { code: "not_a_homeserver" },
    },
    {
      name: "ten megabytes",
      versions: (_request, response) => response.end(" ".repeat(10_485_760)),
      expected: { code: "not_a_homeserver", reason: "too_large" },
    },
    {
      name: "404",
      versions: (_request, response) => response.writeHead(404).end(),
      expected: { code: "not_a_homeserver", status: 404 },
    },
    {
      name: "old versions only",
      versions: (_request, response) => response.end('{"versions": ["r0.6.1", "v1.0"]}'),
      expected: { code: "too_old" },
    },
    {
      name: "502",
      versions: (_request, response) => response.writeHead(502).end(),
      expected: { code: "unreachable", status: 502 },
    },
    {
      name: "429",
      versions: (_request, response) => response.writeHead(429).end(),
      expected: { code: "unreachable", status: 429 },
    },
    {
      name: "nothing",
      versions: (_request, response) => response.destroy(),
      expected: { code: "unreachable", reason: "reset" },
    },
  ])("reports the problem of a server that answers $name", async ({ versions, expected }) => {
    const { discover } = await discoverThrough(pointTo("https://api.old.example"), versions);
    expect(await failureOf(discover("old.example"))).toMatchObject({
      stage: "versions",
      action: "error",
      ...expected,
    });
  });

  it("stops when its signal is aborted", async () => {
    const controller = new AbortController();
    const stop: Answer = () => {
      controller.abort();
    };
    const { discover } = await discoverThrough(stop, answerVersions, { signal: controller.signal });
    expect(await failureOf(discover("old.example"))).toMatchObject({
      code: "unreachable",
      reason: "aborted",
    });
  });
});
