import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { StoredRooms } from "./backup-crypto.ts";

/** The backup of an account on the server. */
export interface ServerBackup {
  version: string;
  algorithm?: string;
  publicKey: string;
  rooms: StoredRooms;
}

/** A request to the server. */
export interface BackupRequest {
  readonly method: string;
  readonly path: string;
  /** `null` without a version. */
  readonly version: string | null;
  readonly body: { readonly rooms?: Readonly<Record<string, { readonly sessions?: object }>> };
}

/** An answer other than that of a healthy server. `body` is JSON, or a text as it stands. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The connection breaks after so many bytes of the right answer. */
  readonly breaksAfter?: number;
  /** The request takes effect and its answer is lost. */
  readonly isAnswerLost?: boolean;
}

/** How servers answer a write to another version than theirs, by family. */
export const WRONG_VERSION: Readonly<Record<"synapse" | "dendrite" | "conduit" | "tuwunel", Fault>> = {
  // Synapse names the version of the request here.
  synapse: {
    status: 403,
    body: { errcode: "M_WRONG_ROOM_KEYS_VERSION", error: "Wrong room_keys version.", current_version: "1" },
  },
  dendrite: {
    status: 403,
    body: { errcode: "M_WRONG_ROOM_KEYS_VERSION", error: "Wrong backup version.", current_version: "1" },
  },
  conduit: {
    status: 400,
    body: {
      errcode: "M_INVALID_PARAM",
      error: "You may only manipulate the most recently created version of the backup.",
    },
  },
  tuwunel: {
    status: 400,
    body: { errcode: "M_WRONG_ROOM_KEYS_VERSION", error: "Wrong backup version.", current_version: "1" },
  },
};

/** A small homeserver that has the key backup of one account, over HTTP on loopback. */
export interface BackupServer {
  readonly url: string;
  readonly requests: BackupRequest[];
  backup: ServerBackup | null;
  wrongVersion: Fault;
  /** Asked before each request; `undefined`: the server is healthy. */
  onRequest: (request: BackupRequest) => Fault | undefined | Promise<Fault | undefined>;
  stop(): Promise<void>;
}

export async function startBackupServer(backup: ServerBackup | null): Promise<BackupServer> {
  const http = createServer((request, response) => {
    response.on("error", () => undefined);
    void answer(server, request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const server: BackupServer = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    backup,
    wrongVersion: WRONG_VERSION.synapse,
    onRequest: () => undefined,
    stop: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

/** The number of sessions in a backup. */
export function countSessions(rooms: StoredRooms): number {
  return Object.values(rooms).reduce((sum, sessions) => sum + Object.keys(sessions).length, 0);
}

/** The IDs of the sessions of each upload that arrived. */
export function uploads({ requests }: BackupServer): string[][] {
  return requests
    .filter(({ method }) => method === "PUT")
    .map(({ body }) =>
      Object.values(body.rooms ?? {}).flatMap(({ sessions }) => Object.keys(sessions ?? {})),
    );
}

async function answer(server: BackupServer, incoming: IncomingMessage, response: ServerResponse) {
  const url = new URL(incoming.url ?? "/", "http://server");
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const request: BackupRequest = {
    method: incoming.method ?? "",
    path: url.pathname.replace("/_matrix/client/v3/", ""),
    version: url.searchParams.get("version"),
    body: text === "" ? {} : (JSON.parse(text) as BackupRequest["body"]),
  };
  server.requests.push(request);
  const fault = await server.onRequest(request);
  const isHandled = fault === undefined || fault.isAnswerLost === true || fault.breaksAfter !== undefined;
  const { status = 200, headers = {}, body } = isHandled ? right(server, request) : fault;
  if (fault?.isAnswerLost === true) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body ?? {}));
  const type = typeof body === "string" && !body.startsWith("{") ? "text/html" : "application/json";
  response.writeHead(status, { "content-type": type, "content-length": bytes.length, ...headers });
  if (fault?.breaksAfter === undefined) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, fault.breaksAfter));
  await setImmediate();
  response.destroy();
}

const NOT_FOUND: Fault = { status: 404, body: { errcode: "M_NOT_FOUND", error: "No backup found" } };

function right(server: BackupServer, { method, path, version, body }: BackupRequest): Fault {
  const { backup } = server;
  if (path.startsWith("user/")) return NOT_FOUND;
  if (backup === null) return NOT_FOUND;
  const description = {
    version: backup.version,
    algorithm: backup.algorithm ?? "m.megolm_backup.v1.curve25519-aes-sha2",
    auth_data: { public_key: backup.publicKey },
    count: countSessions(backup.rooms),
    etag: "1",
  };
  if (path === "room_keys/version") return { body: description };
  if (path !== "room_keys/keys") return { status: 404, body: { errcode: "M_UNRECOGNIZED" } };
  if (method === "GET") {
    if (version !== backup.version)
      return { status: 404, body: { errcode: "M_NOT_FOUND", error: "Unknown backup version" } };
    const rooms = Object.entries(backup.rooms).map(([roomId, sessions]) => [roomId, { sessions }]);
    return { body: { rooms: Object.fromEntries(rooms) as unknown } };
  }
  if (version !== backup.version) return server.wrongVersion;
  for (const [roomId, { sessions = {} }] of Object.entries(body.rooms ?? {}))
    Object.assign((backup.rooms[roomId] ??= {}), sessions);
  return { body: { etag: "2" } };
}
