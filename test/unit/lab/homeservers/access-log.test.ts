import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { parseAccessLog, settledAccessLog } from "../../../lab/homeservers/access-log.ts";

function line(parts: { requester?: string; status?: string; request?: string } = {}): string {
  const {
    requester = "@ada:localhost:20001",
    status = "200",
    request = "GET /_matrix/client/v3/sync?since=s1&access_token=%3Credacted%3E HTTP/1.1",
  } = parts;
  return (
    `1795491291.815 127.0.0.1 - client - {${requester}} Processed request: 0.250sec/0.005sec ru=(0.001sec, 0.000sec) ` +
    `db=(0.001sec/0.002sec/3) 329B ${status} "${request}" "node {odd} "agent"" [0 dbevts]`
  );
}

describe("a homeserver's access log", () => {
  it("is read into numbers, without the query", () => {
    expect(parseAccessLog(`${line()}\n`)).toEqual([
      {
        finishedAt: 1_795_491_291_815,
        listener: "client",
        user: "@ada:localhost:20001",
        method: "GET",
        path: "/_matrix/client/v3/sync",
        status: 200,
        isComplete: true,
        bytes: 329,
        durationMs: 255,
      },
    ]);
  });

  it("has no user where nobody was signed in", () => {
    expect(parseAccessLog(line({ requester: "None" }))[0]?.user).toBeUndefined();
  });

  it("marks an answer that was not received completely", () => {
    expect(parseAccessLog(line({ status: "200!" }))[0]).toMatchObject({ status: 200, isComplete: false });
  });

  it("keeps the percent-encoding of paths", () => {
    expect(
      parseAccessLog(line({ request: "POST /_matrix/client/v3/join/%21opaque HTTP/1.1" }))[0],
    ).toMatchObject({
      method: "POST",
      path: "/_matrix/client/v3/join/%21opaque",
    });
  });

  it("leaves out a line that is only half written", () => {
    expect(parseAccessLog(`${line()}\n${line().slice(0, 60)}`)).toHaveLength(1);
  });
});

describe("the settled access log", () => {
  it("is read once it holds the last request that was made for that, which is left out", async () => {
    const server = createServer((_request, response) => response.end("{}"));
    const asked: string[] = [];
    server.on("request", ({ url = "" }: IncomingMessage) => asked.push(url));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let reads = 0;
    // The line of the request comes late, with one that was answered before.
    const read = async (): Promise<string> =>
      ++reads < 3 ? "" : `${line()}\n${line({ request: `GET ${asked[0] ?? ""} HTTP/1.1` })}`;
    const text = await settledAccessLog(baseUrl, read);
    expect([reads, asked.length, parseAccessLog(text).length]).toEqual([3, 1, 1]);
    server.close();
  });
});
