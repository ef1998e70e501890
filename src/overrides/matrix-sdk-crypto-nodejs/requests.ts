import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";

/** A request that matrix-bot-sdk sends itself, in the native package's shape. */
export interface OutgoingRequest {
  readonly id: string;
  readonly type: wasm.RequestType;
  /** The body, as JSON. */
  readonly body: string;
}

/** A request to share a room key. matrix-bot-sdk reads more of it. */
export interface ToDeviceRequest extends OutgoingRequest {
  readonly txnId: string;
  readonly eventType: string;
}

/** A request with everything needed to send it. */
export interface ServerRequest {
  /**
   * The ID for `markRequestAsSent`, which takes the answer; without an ID the library needs no
   * answer.
   */
  readonly id?: string;
  readonly type?: wasm.RequestType;
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body: object;
  /** The type of the events of a to-device request. */
  readonly eventType?: string;
}

export type WasmRequest = Awaited<ReturnType<wasm.OlmMachine["outgoingRequests"]>>[number];

/**
 * Separates the requests that matrix-bot-sdk can send, as plain objects, from those that make it
 * throw in the middle of a sync.
 */
export function sortRequests(requests: readonly WasmRequest[]): {
  forSdk: OutgoingRequest[];
  forUs: ServerRequest[];
} {
  const forSdk: OutgoingRequest[] = [];
  const forUs: ServerRequest[] = [];
  for (const request of requests) {
    using held = request;
    if (held instanceof wasm.ToDeviceRequest) forSdk.push(toDeviceRequest(held));
    else if (held instanceof wasm.SignatureUploadRequest) forUs.push(signatureUpload(held));
    else if (held instanceof wasm.KeysBackupRequest) forUs.push(keysBackup(held));
    else if (held instanceof wasm.RoomMessageRequest) forUs.push(roomMessage(held));
    else forSdk.push(plainRequest(held));
  }
  return { forSdk, forUs };
}

/** A plain copy of a request of the library. */
export function plainRequest({ id, type, body }: OutgoingRequest): OutgoingRequest {
  return { id, type, body };
}

/**
 * matrix-bot-sdk reads the transaction ID and the event type of a to-device request from its body.
 * The library leaves them out there, and the event would be sent with the type "undefined".
 */
export function toDeviceRequest(request: wasm.ToDeviceRequest): ToDeviceRequest {
  const { id, type, txn_id: txnId, event_type: eventType } = request;
  const body = JSON.stringify({ ...parseObject(request.body), txn_id: txnId, event_type: eventType });
  return { id, type, txnId, eventType, body };
}

/** Any request of the library, with everything needed to send it. */
export function serverRequest(request: WasmRequest): ServerRequest {
  if (request instanceof wasm.KeysUploadRequest) return keysUpload(request);
  if (request instanceof wasm.KeysQueryRequest) return keysRequest(request, "query");
  if (request instanceof wasm.KeysClaimRequest) return keysRequest(request, "claim");
  if (request instanceof wasm.ToDeviceRequest) return sendToDevice(request);
  if (request instanceof wasm.SignatureUploadRequest) return signatureUpload(request);
  if (request instanceof wasm.KeysBackupRequest) return keysBackup(request);
  return roomMessage(request);
}

/** The upload of the device's own keys. */
export function keysUpload(request: wasm.KeysUploadRequest): ServerRequest {
  return keysRequest(request, "upload");
}

function keysRequest({ id, type, body }: OutgoingRequest, name: "upload" | "query" | "claim"): ServerRequest {
  return { id, type, method: "POST", path: `/_matrix/client/v3/keys/${name}`, body: parseObject(body) };
}

function sendToDevice(request: wasm.ToDeviceRequest): ServerRequest {
  const { id, type, event_type: eventType, txn_id: txnId, body } = request;
  const path = `/_matrix/client/v3/sendToDevice/${encodeURIComponent(eventType)}/${encodeURIComponent(txnId)}`;
  return { id, type, method: "PUT", path, body: parseObject(body), eventType };
}

/** The upload of the cross-signing keys. */
export function signingKeysUpload({ body }: wasm.UploadSigningKeysRequest): ServerRequest {
  return { method: "POST", path: "/_matrix/client/v3/keys/device_signing/upload", body: parseObject(body) };
}

/** The upload of signatures. */
export function signatureUpload({ id, type, body }: wasm.SignatureUploadRequest): ServerRequest {
  const path = "/_matrix/client/v3/keys/signatures/upload";
  return { ...(id === undefined ? {} : { id }), type, method: "POST", path, body: parseObject(body) };
}

function keysBackup({ id, type, version, body }: wasm.KeysBackupRequest): ServerRequest {
  return {
    id,
    type,
    method: "PUT",
    path: "/_matrix/client/v3/room_keys/keys",
    query: { version },
    body: parseObject(body),
  };
}

function roomMessage(request: wasm.RoomMessageRequest): ServerRequest {
  const [roomId, eventType, txnId] = [request.room_id, request.event_type, request.txn_id].map(
    encodeURIComponent,
  );
  const path = `/_matrix/client/v3/rooms/${roomId}/send/${eventType}/${txnId}`;
  return { id: request.id, type: request.type, method: "PUT", path, body: parseObject(request.body) };
}

function parseObject(json: string): object {
  const value: unknown = JSON.parse(json);
  if (typeof value !== "object" || value === null)
    throw new Error("The crypto library made a request without a body.");
  return value;
}
