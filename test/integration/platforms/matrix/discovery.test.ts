import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { DiscoveryError } from "../../../../src/platforms/matrix/api/discovery-error.ts";
import { discoverHomeserver } from "../../../../src/platforms/matrix/api/discovery.ts";
import type { DiscoveryOptions } from "../../../../src/platforms/matrix/api/discovery.ts";
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
  it("takes the address from .well-known and asks what the server can", async () => {
    const { discover } = await discoverThrough(pointTo("https://api.old.example/matrix//"));
    expect(await discover("old.example")).toEqual({
      baseUrl: "https://api.old.example/matrix",
      versions: ["r0.6.1", "v1.1", "v1.12"],
      unstableFeatures: { "org.example.a": true },
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
    "takes %s itself where there is no .well-known",
    async (serverName) => {
      const { discover } = await discoverThrough((_request, response) =>
        response.writeHead(404).end("<h1>Not found</h1>".repeat(100_000)),
      );
      expect((await discover(serverName)).baseUrl).toBe(`https://${serverName}`);
    },
  );

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

  it("asks nothing of a server name that is also a property of every object", async () => {
    const fetch = openFetch({ resolve: async () => await Promise.resolve([]) });
    expect(await failureOf(discoverHomeserver("constructor", { fetch, log, servers: {} }))).toMatchObject({
      code: "unreachable",
      reason: "dns",
    });
  });

  it.each<[string, Answer, object]>([
    [
      "is a web page",
      (_request, response) => response.end("<html>"),
      { code: "well_known_invalid", action: "prompt" },
    ],
    ["is empty", (_request, response) => response.end(), { code: "well_known_invalid", action: "prompt" }],
    [
      "is null",
      (_request, response) => response.end("null"),
      { code: "well_known_invalid", action: "prompt" },
    ],
    [
      "names no homeserver",
      (_request, response) => response.end("{}"),
      { code: "well_known_invalid", action: "prompt" },
    ],
    ["names a number", pointTo(5), { code: "well_known_invalid", action: "prompt" }],
    [
      "names no address",
      pointTo("old.example"),
      { code: "well_known_invalid", action: "error", reason: "invalid_address" },
    ],
    [
      "names a file",
      pointTo("file:///etc/passwd"),
      { code: "well_known_invalid", action: "error", reason: "invalid_address" },
    ],
    [
      "names a password",
      pointTo("https://a:b@api.old.example"),
      { code: "well_known_invalid", action: "error", reason: "invalid_address" },
    ],
    [
      "is forbidden",
      (_request, response) => response.writeHead(403).end(),
      { code: "well_known_invalid", action: "prompt", status: 403 },
    ],
    [
      "is an error",
      (_request, response) => response.writeHead(500).end(),
      { code: "well_known_invalid", action: "prompt", status: 500 },
    ],
    [
      "is ten megabytes",
      (_request, response) => response.end(" ".repeat(10_485_760)),
      { code: "well_known_invalid", reason: "too_large" },
    ],
    [
      "redirects to itself",
      (_request, response) => response.writeHead(302, { location: WELL_KNOWN }).end(),
      { code: "well_known_invalid", reason: "too_many_redirects" },
    ],
    [
      "redirects to loopback",
      (_request, response) => response.writeHead(302, { location: "http://[::1]/" }).end(),
      { code: "forbidden_address" },
    ],
    ["hangs up", (_request, response) => response.destroy(), { code: "unreachable", reason: "reset" }],
  ])("says that .well-known is no use when it %s", async (_what, wellKnown, expected) => {
    const { discover } = await discoverThrough(wellKnown);
    const error = await failureOf(discover("old.example"));
    expect(error).toBeInstanceOf(DiscoveryError);
    expect(error).toMatchObject({ stage: "well_known", serverName: "old.example", ...expected });
  });

  it.each([
    ["loopback", "https://[::1]:8008", "forbidden_address"],
    ["metadata", "http://169.254.169.254/latest", "forbidden_address"],
    ["plain HTTP at a public address", "http://8.8.8.8", "insecure"],
  ])("does not let .well-known lead to %s", async (_what, baseUrl, code) => {
    const { discover } = await discoverThrough(pointTo(baseUrl));
    expect(await failureOf(discover("old.example"))).toMatchObject({ code, stage: "versions" });
  });

  it.each<[string, Answer, object]>([
    [
      "a web page",
      (_request, response) => response.end("<html>"),
      { code: "not_a_homeserver", reason: "not_json" },
    ],
    [
      "another JSON",
      (_request, response) => response.end('{"versions": "all"}'),
      { code: "not_a_homeserver", reason: "unexpected_answer" },
    ],
    ["no version", (_request, response) => response.end('{"versions": []}'), { code: "not_a_homeserver" }],
    [
      "ten megabytes",
      (_request, response) => response.end(" ".repeat(10_485_760)),
      { code: "not_a_homeserver", reason: "too_large" },
    ],
    ["404", (_request, response) => response.writeHead(404).end(), { code: "not_a_homeserver", status: 404 }],
    [
      "old versions only",
      (_request, response) => response.end('{"versions": ["r0.6.1", "v1.0"]}'),
      { code: "too_old" },
    ],
    ["502", (_request, response) => response.writeHead(502).end(), { code: "unreachable", status: 502 }],
    ["429", (_request, response) => response.writeHead(429).end(), { code: "unreachable", status: 429 }],
    ["nothing", (_request, response) => response.destroy(), { code: "unreachable", reason: "reset" }],
  ])("says what is wrong with a server that answers %s", async (_what, versions, expected) => {
    const { discover } = await discoverThrough(pointTo("https://api.old.example"), versions);
    expect(await failureOf(discover("old.example"))).toMatchObject({
      stage: "versions",
      action: "error",
      ...expected,
    });
  });

  it("stops when told to", async () => {
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
