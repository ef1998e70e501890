import { randomBytes } from "node:crypto";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { failureOf, openFetch, reasonOf, startServer, startSocketServer } from "./loopback-server.ts";

const TEN_MEGABYTES = 10 * 1_024 * 1_024;

describe("the guarded fetch", () => {
  it.each([
    "http://127.0.0.1:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://0.0.0.0:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
    "http://old.localhost:PORT/",
    "https://127.0.0.1:PORT/",
    "https://localhost:PORT/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://10.0.0.1/",
  ])("refuses %s without asking it", async (address) => {
    const server = await startServer((_request, response) => response.end());
    const fetch = openFetch({ allowPrivate: [] });
    expect(await reasonOf(fetch(address.replace("PORT", String(server.port))))).toBe("forbidden_address");
    expect(server.requests).toEqual([]);
  });

  it("refuses a name that leads to a private address", async () => {
    const server = await startServer((_request, response) => response.end());
    const fetch = openFetch({
      allowPrivate: [],
      resolve: async () => await Promise.resolve(["127.0.0.1", "::ffff:10.0.0.1"]),
    });
    expect(await reasonOf(fetch(`https://old.example:${server.port}/`))).toBe("forbidden_address");
    expect(await reasonOf(fetch(`http://old.example:${server.port}/`))).toBe("forbidden_address");
    expect(server.requests).toEqual([]);
  });

  it("connects to the permitted address among those of a name, and looks a name up once for one connection", async () => {
    const server = await startServer((_request, response) => response.end("here"));
    const asked: string[] = [];
    const fetch = openFetch({
      resolve: async (hostname) => {
        asked.push(hostname);
        return await Promise.resolve(["10.255.255.1", "127.0.0.1"]);
      },
    });
    const response = await fetch(`http://old.example:${server.port}/`);
    expect(Buffer.from(response.body).toString()).toBe("here");
    expect(asked).toEqual(["old.example"]);
  });

  it("never asks a name server about localhost", async () => {
    const server = await startServer((_request, response) => response.end("here"));
    const fetch = openFetch({ resolve: async () => await Promise.reject(new Error("asked")) });
    expect((await fetch(`http://localhost:${server.port}/`)).status).toBe(200);
  });

  it("refuses plain HTTP to a public address", async () => {
    const fetch = openFetch({ resolve: async () => await Promise.resolve(["8.8.8.8"]) });
    expect(await reasonOf(fetch("http://old.example/"))).toBe("insecure");
    expect(await reasonOf(fetch("http://8.8.8.8/"))).toBe("insecure");
  });

  it.each([
    "",
    "old.example",
    "ftp://old.example/",
    "file:///etc/passwd",
    "https://user:pass@old.example/",
    "https://old.example:70000/",
    "https://1.2.3.256/",
  ])("refuses %j as an address", async (address) => {
    expect(await reasonOf(openFetch()(address))).toBe("invalid_address");
  });

  it("reports a name that does not exist, a name without an address, and a closed port", async () => {
    const missing = openFetch({
      resolve: async () => await Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" })),
    });
    expect(await reasonOf(missing("https://old.example/"))).toBe("dns");
    const empty = openFetch({ resolve: async () => await Promise.resolve([]) });
    expect(await reasonOf(empty("https://old.example/"))).toBe("dns");
    // Nothing listens on port 1 (tcpmux).
    expect(await reasonOf(openFetch()("http://127.0.0.1:1/"))).toBe("refused");
  });

  it("reports a server that does not speak TLS", async () => {
    const server = await startServer((_request, response) => response.end());
    expect(await reasonOf(openFetch()(`https://127.0.0.1:${server.port}/`))).toBe("tls");
  });
});

describe("the guarded fetch, at a redirect,", () => {
  it("follows five in a row", async () => {
    const server = await startServer(({ url }, response) => {
      const step = Number(url.slice(1));
      if (step === 5) response.end("arrived");
      else response.writeHead(302, { location: `/${step + 1}` }).end();
    });
    const response = await openFetch()(`${server.url}/0`);
    expect(Buffer.from(response.body).toString()).toBe("arrived");
    expect(response.url).toBe(`${server.url}/5`);
  });

  it("stops at the sixth", async () => {
    const server = await startServer(({ url }, response) =>
      response.writeHead(307, { location: `/${Number(url.slice(1)) + 1}` }).end(),
    );
    expect(await reasonOf(openFetch()(`${server.url}/0`))).toBe("too_many_redirects");
    expect(server.requests).toHaveLength(6);
  });

  it("stops at the first loop", async () => {
    const server = await startServer((_request, response) =>
      response.writeHead(301, { location: "#again" }).end(),
    );
    expect(await reasonOf(openFetch()(`${server.url}/here`))).toBe("too_many_redirects");
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    "http://[::1]:PORT/",
    "http://10.0.0.1/",
    "https://169.254.169.254/",
    "http://forbidden.example:PORT/",
  ])("checks the next address like the first: %s", async (target) => {
    const server = await startServer((_request, response) => {
      response.writeHead(302, { location: target.replace("PORT", String(server.port)) }).end();
    });
    const fetch = openFetch({ resolve: async () => await Promise.resolve(["::1"]) });
    expect(await reasonOf(fetch(`${server.url}/`))).toBe("forbidden_address");
    expect(server.requests).toHaveLength(1);
  });

  it("refuses a redirect to another kind of address", async () => {
    const server = await startServer((_request, response) =>
      response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    );
    expect(await reasonOf(openFetch()(server.url))).toBe("invalid_address");
  });

  it("sends no token to another server", async () => {
    const other = await startServer((_request, response) => response.end());
    const server = await startServer((_request, response) =>
      response.writeHead(302, { location: `${other.url}/` }).end(),
    );
    const headers = { authorization: "Bearer syt_SeCrEt" };
    expect(await reasonOf(openFetch()(server.url, { headers }))).toBe("redirect_refused");
    expect(other.requests).toEqual([]);
  });

  it("sends the token again on the same server", async () => {
    const server = await startServer(({ url }, response) => {
      if (url === "/there") response.end("there");
      else response.writeHead(308, { location: "/there" }).end();
    });
    const response = await openFetch()(server.url, { headers: { authorization: "Bearer syt_SeCrEt" } });
    expect(response.status).toBe(200);
    expect(server.requests[1]?.headers.authorization).toBe("Bearer syt_SeCrEt");
  });

  it("sends no body to another address", async () => {
    const server = await startServer((_request, response) =>
      response.writeHead(307, { location: "/there" }).end(),
    );
    expect(await reasonOf(openFetch()(server.url, { method: "POST", body: "hunter2" }))).toBe(
      "redirect_refused",
    );
    expect(server.requests).toHaveLength(1);
  });
});

describe("the guarded fetch, at its limits,", () => {
  it("refuses an answer with a large Content-Length unread", async () => {
    const server = await startServer((_request, response) => {
      response.writeHead(200, { "content-length": String(TEN_MEGABYTES) });
      response.write("{");
    });
    expect(await reasonOf(openFetch()(server.url))).toBe("too_large");
  });

  it("stops reading a large answer of unknown length early", async () => {
    let isHungUp: () => void = () => undefined;
    const hungUp = new Promise<void>((resolve) => (isHungUp = resolve));
    const server = await startServer((_request, response) => {
      // The answer is endless. The test ends only if the client closes the connection.
      const chunk = Buffer.alloc(65_536, " ");
      const pump = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", pump).on("close", isHungUp);
      pump();
    });
    expect(await reasonOf(openFetch()(server.url, { maxBytes: 65_536 }))).toBe("too_large");
    await hungUp;
  });

  it.each([
    { encoding: "gzip", compress: gzipSync },
    { encoding: "br", compress: brotliCompressSync },
  ])("counts the decoded size of a $encoding body", async ({ encoding, compress }) => {
    const bomb = compress(Buffer.alloc(TEN_MEGABYTES, " "));
    expect(bomb.length).toBeLessThan(65_536);
    const server = await startServer((_request, response) =>
      response.writeHead(200, { "content-encoding": encoding }).end(bomb),
    );
    expect(await reasonOf(openFetch()(server.url, { maxBytes: 1_048_576 }))).toBe("too_large");
  });

  it("also counts the size of a compressed body as sent", async () => {
    const empty = Buffer.concat(Array.from({ length: 10_000 }, () => gzipSync("")));
    const server = await startServer((_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(empty),
    );
    expect(await reasonOf(openFetch()(server.url, { maxBytes: 65_536 }))).toBe("too_large");
  });

  it.each([
    { encoding: "gzip", compress: gzipSync },
    { encoding: "br", compress: brotliCompressSync },
  ])("decodes a $encoding body within the limit", async ({ encoding, compress }) => {
    const server = await startServer((_request, response) =>
      response.writeHead(200, { "content-encoding": encoding }).end(compress("hello")),
    );
    expect(Buffer.from((await openFetch()(server.url)).body).toString()).toBe("hello");
  });

  it("reads an answer of exactly the limit", async () => {
    const server = await startServer((_request, response) => response.end("x".repeat(1_000)));
    expect((await openFetch()(server.url, { maxBytes: 1_000 })).body).toHaveLength(1_000);
    expect(await reasonOf(openFetch()(server.url, { maxBytes: 999 }))).toBe("too_large");
  });

  it("shortens the page of an error instead of refusing it", async () => {
    const server = await startServer((_request, response) =>
      response.writeHead(404).end("x".repeat(TEN_MEGABYTES)),
    );
    const response = await openFetch()(server.url, { maxBytes: 100 });
    expect(response.status).toBe(404);
    expect(response.body).toHaveLength(65_536);
  });

  it.each([
    { encoding: "gzip", compress: gzipSync },
    { encoding: "br", compress: brotliCompressSync },
  ])("shortens the $encoding page of an error as well", async ({ encoding, compress }) => {
    const page = compress(randomBytes(TEN_MEGABYTES / 10));
    const server = await startServer((_request, response) =>
      response.writeHead(502, { "content-encoding": encoding }).end(page),
    );
    const response = await openFetch()(server.url);
    expect(response.status).toBe(502);
    expect(response.body.length).toBeLessThanOrEqual(65_536);
  });

  it("stops waiting for a server that accepts the connection and sends nothing", async () => {
    const server = await startSocketServer(() => undefined);
    expect(await reasonOf(openFetch()(server.url, { timeoutMs: 50 }))).toBe("timeout");
  });

  it("stops reading a body that never ends", async () => {
    const server = await startServer((_request, response) => {
      response.writeHead(200).write("{");
    });
    expect(await reasonOf(openFetch()(server.url, { timeoutMs: 50 }))).toBe("timeout");
  });

  it("stops waiting for a name server that does not answer", async () => {
    const fetch = openFetch({ resolve: async () => await new Promise<never>(() => undefined) });
    expect(await reasonOf(fetch("https://old.example/", { timeoutMs: 50 }))).toBe("timeout");
  });

  it("counts the time of all redirects together", async () => {
    const server = await startServer(({ url }, response) => {
      if (url === "/") response.writeHead(302, { location: "/slow" }).end();
    });
    expect(await reasonOf(openFetch()(server.url, { timeoutMs: 1_000 }))).toBe("timeout");
    expect(server.requests.map(({ url }) => url)).toEqual(["/", "/slow"]);
  });

  it("stops when its signal is aborted, before and during its wait", async () => {
    const controller = new AbortController();
    const server = await startServer(() => {
      controller.abort();
    });
    expect(await reasonOf(openFetch()(server.url, { signal: controller.signal }))).toBe("aborted");
    expect(await reasonOf(openFetch()(server.url, { signal: controller.signal }))).toBe("aborted");
    expect(server.requests).toHaveLength(1);
  });

  it("ends its requests when it is closed", async () => {
    const fetch = openFetch();
    const server = await startServer(() => {
      void fetch.close();
    });
    expect(await reasonOf(fetch(server.url))).toBe("reset");
  });
});

describe("the guarded fetch, with broken answers,", () => {
  it.each([
    {
      name: "ends inside the body",
      bytes: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{",
      reason: "reset",
    },
    {
      name: "ends inside a chunk",
      bytes: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{",
      reason: "reset",
    },
    { name: "ends inside the header", bytes: "HTTP/1.1 200 OK\r\ncontent-le", reason: "reset" },
    { name: "says nothing at all", bytes: "", reason: "reset" },
    { name: "is not HTTP", bytes: "220 mail.example ESMTP\r\n", reason: "unexpected_answer" },
    {
      name: "has endless headers",
      bytes: `HTTP/1.1 200 OK\r\nx: ${"x".repeat(200_000)}\r\n\r\n`,
      reason: "too_large",
    },
    {
      name: "is compressed in an unknown way",
      bytes: "HTTP/1.1 200 OK\r\ncontent-encoding: lzma\r\ncontent-length: 1\r\n\r\n{",
      reason: "unexpected_answer",
    },
    {
      name: "is not compressed as it says",
      bytes: "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n{  }",
      reason: "unexpected_answer",
    },
  ])("reports an answer that $name", async ({ bytes, reason }) => {
    const server = await startSocketServer((socket) => {
      socket.once("data", () => socket.end(bytes));
    });
    expect(await reasonOf(openFetch()(server.url))).toBe(reason);
  });

  it("puts nothing about the request into its errors", async () => {
    const server = await startSocketServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 nonsense hunter2 syt_SeCrEt\r\n"));
    });
    const error = await failureOf(
      openFetch()(`${server.url}/path?token=syt_SeCrEt`, {
        method: "POST",
        headers: { authorization: "Bearer syt_SeCrEt" },
        body: "hunter2",
      }),
    );
    expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(
      /syt_SeCrEt|hunter2|path/,
    );
  });
});
