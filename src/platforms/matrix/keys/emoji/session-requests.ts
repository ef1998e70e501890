import { randomUUID } from "node:crypto";
import type { ServerRequest } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { RequestType } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { z } from "zod";
import { BACKUP_SECRET } from "../opening/backup-storage.ts";

/** A request of the session to its server. */
export interface SessionRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly timeoutMs?: number;
}

/** Sends a request, repeats it where that can help, and resolves to the answer's JSON. */
export type SendRequest = (request: SessionRequest) => Promise<unknown>;

/** The types of the to-device events of a verification. */
export const VERIFICATION = "m.key.verification.";
const secretRequestSchema = z.object({
  messages: z.record(z.string(), z.record(z.string(), z.object({ name: z.string() }))),
});

/**
 * Whether the machine may send a request: about keys of devices, for this verification, for the
 * backup key, and to repair a broken encryption between two own devices.
 */
export function maySend(request: ServerRequest): boolean {
  const { type, eventType = "" } = request;
  if (type !== RequestType.ToDevice)
    return (
      type === RequestType.KeysUpload || type === RequestType.KeysQuery || type === RequestType.KeysClaim
    );
  return (
    eventType.startsWith(VERIFICATION) || eventType === "m.room.encrypted" || isBackupKeyRequest(request)
  );
}

/** Whether a request asks other devices for the backup key, and for nothing else. */
export function isBackupKeyRequest({ eventType, body }: ServerRequest): boolean {
  if (eventType !== "m.secret.request") return false;
  const { data } = secretRequestSchema.safeParse(body);
  const names = Object.values(data?.messages ?? {}).flatMap((devices) =>
    Object.values(devices).map(({ name }) => name),
  );
  return names.length > 0 && names.every((name) => name === BACKUP_SECRET);
}

/** A request of the machine as the session sends it. */
export function asSessionRequest({ method, path, query, body }: ServerRequest): SessionRequest {
  return { method, path, body, ...(query === undefined ? {} : { query }) };
}

/** Tells all other devices that a verification is over. */
export function cancellation(flowId: string, userId: string): SessionRequest {
  const content = { code: "m.user", reason: "The verification was interrupted.", transaction_id: flowId };
  return {
    method: "PUT",
    path: `/_matrix/client/v3/sendToDevice/${VERIFICATION}cancel/${randomUUID()}`,
    body: { messages: { [userId]: { "*": content } } },
  };
}

/** The same to-device events once more, in a transaction of their own. */
export function repeated(request: ServerRequest): SessionRequest {
  return asSessionRequest({ ...request, path: request.path.replace(/[^/]+$/, randomUUID()) });
}
