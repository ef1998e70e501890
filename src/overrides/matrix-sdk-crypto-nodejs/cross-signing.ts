import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { type ServerRequest, keysUpload, signatureUpload, signingKeysUpload } from "./requests.ts";

/** Which private cross-signing keys are in the store. */
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
 * What to send, in this order, so that others see our device as signed by us. The upload of the
 * signing keys may be answered with 401: repeat it with `auth` in its body (user-interactive
 * authentication). After an import of keys, send the signatures alone: the signing keys are on the
 * server, and the request to upload them comes without the signatures on them (seen with wasm
 * 18.9).
 */
export interface CrossSigningRequests {
  /** Only while the keys of the device itself are not on the server yet. */
  readonly uploadKeys?: ServerRequest;
  readonly uploadSigningKeys: ServerRequest;
  readonly uploadSignatures: ServerRequest;
}

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

export function crossSigningStatus(status: wasm.CrossSigningStatus): CrossSigningStatus {
  using held = status;
  return {
    hasMaster: held.hasMaster,
    hasSelfSigning: held.hasSelfSigning,
    hasUserSigning: held.hasUserSigning,
  };
}

export function crossSigningKeys(exported: wasm.CrossSigningKeyExport): CrossSigningKeys {
  using held = exported;
  const { masterKey, self_signing_key: selfSigningKey, userSigningKey } = held;
  return {
    ...(masterKey === undefined ? {} : { masterKey }),
    ...(selfSigningKey === undefined ? {} : { selfSigningKey }),
    ...(userSigningKey === undefined ? {} : { userSigningKey }),
  };
}
