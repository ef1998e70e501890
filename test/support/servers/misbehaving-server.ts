import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server of the test, for answers that no homeserver would give. */
export interface MisbehavingServer {
  readonly url: string;
  /** Method and path of each request, in order of arrival. */
  readonly requests: string[];
  stop(): Promise<void>;
}

/** @param host another loopback address, for servers that the bot may not contact */
export async function startMisbehavingServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  host = "127.0.0.1",
): Promise<MisbehavingServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    // These servers make clients close connections during an answer.
    response.on("error", () => undefined);
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers like a homeserver with passwords, until the sign-in itself. */
export function homeserverUntilLogin(
  answerLogin: (response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method, url = "" }, response) => {
    if (method === "POST") answerLogin(response);
    else if (url.endsWith("/versions")) sendJson(response, 200, { versions: ["v1.11"] });
    else if (url.endsWith("/v3/login")) sendJson(response, 200, { flows: [{ type: "m.login.password" }] });
    else sendJson(response, 404, { errcode: "M_UNRECOGNIZED" });
  };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

export function sendHtml(response: ServerResponse, status: number): void {
  response
    .writeHead(status, { "content-type": "text/html" })
    .end("<!DOCTYPE html><title>Welcome</title><h1>It works!</h1>");
}
