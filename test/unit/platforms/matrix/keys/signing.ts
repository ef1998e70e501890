import type { KeyObject } from "node:crypto";
import { generateKeyPairSync, sign } from "node:crypto";
import { unpaddedBase64 } from "../../../../../src/model/base64.ts";

/** An Ed25519 key pair; the public key in base64 without padding. */
export interface Signer {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = publicKey.export({ format: "jwk" }).x ?? "";
  return { privateKey, publicKey: unpaddedBase64(Buffer.from(x, "base64url")) };
}

/** @param text the canonical JSON, written by hand */
export function signatureOf({ privateKey }: Signer, text: string): string {
  return unpaddedBase64(sign(null, Buffer.from(text), privateKey));
}

/** A cross-signing key as `/keys/query` shows it. */
export function crossSigningKey({ publicKey }: Signer, userId: string, usage: string) {
  return { user_id: userId, usage: [usage], keys: { [`ed25519:${publicKey}`]: publicKey } };
}
