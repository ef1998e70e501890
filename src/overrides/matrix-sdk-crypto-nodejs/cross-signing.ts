import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { type ServerRequest, keysUpload, signatureUpload, signingKeysUpload } from "./requests.ts";

/** The private cross-signing keys that the store has. */
export interface CrossSigningStatus {
  readonly hasMaster: boolean;
  readonly hasSelfSigning: boolean;
  readonly hasUserSigning: boolean;
}

/** The private cross-signing keys, each in unpadded base64. Secrets. */
export interface CrossSigningKeys {
  readonly masterKey?: string;
  readonly selfSigningKey?: string;
  readonly userSigningKey?: string;
}

/**
 * The requests, in this order, after which others see our device as signed by us.
 * - The upload of the signing keys may get 401: it is repeated with `auth` in its body
 *   (user-interactive authentication).
 * - After an import of keys only the signatures are sent. The server has the signing keys, and the
 *   request to upload them comes without the signatures on them (seen with wasm 18.9).
 */
export interface CrossSigningRequests {
  /** Present only while the server does not have the device's own keys. */
  readonly uploadKeys?: ServerRequest;
  readonly uploadSigningKeys: ServerRequest;
  readonly uploadSignatures: ServerRequest;
}

/** Copies the library's requests to plain objects, and frees the wasm objects. */
export function crossSigningRequests(requests: wasm.CrossSigningBootstrapRequests): CrossSigningRequests {
  using held = requests;
  const keysRequest: unknown = held.uploadKeysRequest;
  using uploadKeys = keysRequest instanceof wasm.KeysUploadRequest ? keysRequest : undefined;
  using uploadSigningKeys = held.uploadSigningKeysRequest;
  using uploadSignatures = held.uploadSignaturesRequest;
  return {
    ...(uploadKeys ? { uploadKeys: keysUpload(uploadKeys) } : {}),
    uploadSigningKeys: signingKeysUpload(uploadSigningKeys),
    uploadSignatures: signatureUpload(uploadSignatures),
  };
}

/** Copies the library's status to a plain object, and frees the wasm object. */
export function crossSigningStatus(status: wasm.CrossSigningStatus): CrossSigningStatus {
  using held = status;
  return {
    hasMaster: held.hasMaster,
    hasSelfSigning: held.hasSelfSigning,
    hasUserSigning: held.hasUserSigning,
  };
}

/** Copies exported keys to a plain object, and frees the wasm object. */
export function crossSigningKeys(exported: wasm.CrossSigningKeyExport): CrossSigningKeys {
  using held = exported;
  const { masterKey, self_signing_key: selfSigningKey, userSigningKey } = held;
  return {
    ...(masterKey === undefined ? {} : { masterKey }),
    ...(selfSigningKey === undefined ? {} : { selfSigningKey }),
    ...(userSigningKey === undefined ? {} : { userSigningKey }),
  };
}
