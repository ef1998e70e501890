import { createPublicKey, verify } from "node:crypto";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject, isTooComplex } from "../api/json.ts";

/** A user's Ed25519 key, base64 of 32 bytes. Its ID in signatures is `ed25519:NAME`. */
export interface SigningKey {
  readonly userId: string;
  /** The public key itself for cross-signing keys; the device ID for devices. */
  readonly name: string;
  readonly publicKey: string;
}

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Whether the key signed the object (Appendices §Signing JSON). False for anything malformed. */
export function isSignedBy(object: JsonObject, { userId, name, publicKey }: SigningKey): boolean {
  const { signatures, unsigned: _unsigned, ...signed } = object;
  const ofUser = isJsonObject(signatures) ? signatures[userId] : undefined;
  const text = isJsonObject(ofUser) ? ofUser[`ed25519:${name}`] : undefined;
  const signature = bytesOf(text, SIGNATURE_BYTES);
  const key = bytesOf(publicKey, PUBLIC_KEY_BYTES);
  if (signature === null || key === null || isTooComplex(signed)) return false;
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.toString("base64url") };
  const data = Buffer.from(canonicalJson(signed));
  return verify(null, data, createPublicKey({ key: jwk, format: "jwk" }), signature);
}

/** Canonical JSON (Appendices §Canonical JSON): no white space, names sorted by code points. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each)).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map(([name, each]) => `${JSON.stringify(name)}:${canonicalJson(each)}`);
  return `{${members.join(",")}}`;
}

/** The bytes of base64 with or without padding; `null` if there are not as many as `length`. */
function bytesOf(text: unknown, length: number): Buffer | null {
  if (typeof text !== "string") return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === length ? bytes : null;
}
