import { once } from "node:events";
import { type IncomingMessage, type RequestListener, type Server, createServer } from "node:http";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import request, {
  type RequestAnswer,
  type RequestParameters,
  abortAll,
} from "../../../../src/overrides/request/index.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The server has no port.");
  return `http://127.0.0.1:${address.port}`;
}

function ask(parameters: RequestParameters): Promise<RequestAnswer> {
  return new Promise((resolve, reject) => {
    request(parameters, (error, response, body) => {
      if (!response) {
        reject(error ?? new Error("neither an error nor an answer"));
        return;
      }
      expect(body).toBe(response.body);
      resolve(response);
    });
  });
}

/** Answers with what it was asked. */
function echo(): Promise<string> {
  return serve((asked, answer) => {
    const { method, url, headers } = asked;
    answer.setHeader("X-Answer", "yes");
    void text(asked).then((body) => {
      answer.writeHead(201).end(JSON.stringify({ method, url, type: headers["content-type"], body }));
    });
  });
}

test("matrix-bot-sdk gets a function by require", () => {
  expect(createRequire(import.meta.url)("request")).toBeTypeOf("function");
});

test("a request arrives with its query, headers and body, and the answer with status, headers and text", async () => {
  const uri = `${await echo()}/path?a=1`;
  const qs = { b: ["x y", "z&"], c: false, left: undefined, out: null };
  const answer = await ask({
    uri,
    method: "PUT",
    qs,
    headers: { "Content-Type": "application/json" },
    body: "{}",
  });
  expect(answer).toMatchObject({ statusCode: 201, headers: { "x-answer": "yes" } });
  expect(JSON.parse(String(answer.body))).toEqual({
    method: "PUT",
    url: "/path?a=1&b=x+y&b=z%26&c=false",
    type: "application/json",
    body: "{}",
  });
});

test("the encoding null asks for bytes, and bytes can be sent", async () => {
  const bytes = Buffer.from([0, 255, 128, 13]);
  const uri = await serve((asked, answer) => asked.pipe(answer));
  const answer = await ask({ uri, method: "POST", body: bytes, encoding: null });
  expect(answer.body).toEqual(bytes);
});

describe("errors go to the callback", () => {
  test("when the address is none", async () => {
    await expect(ask({ uri: "not an address" })).rejects.toThrow(/Invalid URL/);
  });

  test("when nobody listens, with the reason's code", async () => {
    const uri = await echo();
    servers[0]?.close();
    await expect(ask({ uri })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("when the connection breaks off in the answer", async () => {
    const uri = await serve((_asked, answer) => {
      answer.writeHead(200, { "Content-Length": "10" });
      answer.write("half", () => answer.destroy());
    });
    await expect(ask({ uri })).rejects.toThrow();
  });

  test("when the server does not answer in time, as ETIMEDOUT", async () => {
    const uri = await serve(() => {});
    await expect(ask({ uri, timeout: 20 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });

  test("when the server stops in the middle of its answer, as ETIMEDOUT", async () => {
    const uri = await serve((_asked, answer) => {
      answer.writeHead(200).write("half");
    });
    await expect(ask({ uri, timeout: 20 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });
});

describe("aborting", () => {
  test("ends the requests that match, and no others", async () => {
    const arrived: IncomingMessage[] = [];
    let release = () => {};
    const both = Promise.withResolvers<undefined>();
    const uri = await serve((asked, answer) => {
      arrived.push(asked);
      if (asked.url === "/other") release = () => answer.end("done");
      if (arrived.length === 2) both.resolve(undefined);
    });
    const sync = ask({ uri: `${uri}/sync`, timeout: 40_000 });
    const other = ask({ uri: `${uri}/other`, timeout: 40_000 });
    const aborted = expect(sync).rejects.toMatchObject({ code: "ECONNABORTED" });
    await both.promise;
    abortAll((url) => url.pathname === "/sync");
    await aborted;
    release();
    expect(await other).toMatchObject({ body: "done" });
  });
});

describe("a redirect", () => {
  test("to another origin does not take the access token along", async () => {
    const other = await serve((asked, answer) => answer.end(asked.headers.authorization ?? "no token"));
    const uri = await serve((_asked, answer) => answer.writeHead(302, { Location: other }).end());
    expect(await ask({ uri, headers: { Authorization: "Bearer secret" } })).toMatchObject({
      body: "no token",
    });
  });

  test("of a request with a body is not followed", async () => {
    const uri = await serve((_asked, answer) => answer.writeHead(307, { Location: "/elsewhere" }).end());
    expect(await ask({ uri, method: "POST", body: "secret" })).toMatchObject({ statusCode: 307 });
  });
});
