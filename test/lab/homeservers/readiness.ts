import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { ServerIdentity } from "./identity.ts";

const TIMEOUT_MS = 5_000;
const serverKeys = z.object({ verify_keys: z.record(z.string(), z.unknown()) });

/**
 * Whether this server, and not another that took one of its ports, answers on both ports. `ca` is
 * the pair's certificate authority.
 */
export async function isReady(identity: ServerIdentity, clientPort: number, ca: string): Promise<boolean> {
  const host = "127.0.0.1";
  const federation = {
    host,
    port: identity.federationPort,
    ca,
    servername: identity.serverName.replace(/:\d+$/, ""),
  };
  try {
    const keys = serverKeys.parse(
      JSON.parse(await get(http, { host, port: clientPort, path: "/_matrix/key/v2/server" })),
    );
    if (!(identity.signingKeyId in keys.verify_keys)) return false;
    await get(http, { host, port: clientPort, path: "/_matrix/client/versions" });
    await get(https, { ...federation, path: "/_matrix/federation/v1/version" });
    return true;
  } catch {
    return false;
  }
}

function get(protocol: typeof http | typeof https, options: https.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = protocol.get({ ...options, agent: false, timeout: TIMEOUT_MS }, (response) => {
      text(response).then((body) => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`status ${response.statusCode}`));
      }, reject);
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", reject);
  });
}
