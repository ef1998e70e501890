import { z } from "zod";
import type { AccountDataSession } from "../api/account-data.ts";
import { unlessUnrecognized } from "../api/homeserver-error.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject } from "../api/json.ts";
import { isSignedBy } from "./signed-json.ts";

/** The public keys of an account, as its own server knows them. It is the server's word. */
export interface OwnKeys {
  /** Ed25519, base64; `null`: the account has no cross-signing. */
  readonly masterKey: string | null;
  readonly devices: readonly OwnDevice[];
}

/** A device with encryption. Dehydrated devices (MSC3814) do not count: they answer nobody. */
export interface OwnDevice {
  readonly deviceId: string;
  /**
   * Whether the account's self-signing key signed it; `null`: that key is not shown or not signed.
   */
  readonly isCrossSigned: boolean | null;
}

const byUser = z.record(z.string(), z.unknown()).nullish().catch(undefined);
const ownKeysSchema = z.object({ device_keys: byUser, master_keys: byUser, self_signing_keys: byUser });

/** An account with hundreds of devices stays far below. */
const MAX_OWN_KEYS_BYTES = 8 * 1_048_576;
/** To check a signature takes a tenth of a millisecond. */
const MAX_DEVICES = 1_000;

/** @throws HomeserverError, UnreachableError */
export async function readOwnKeys(session: AccountDataSession): Promise<OwnKeys> {
  const { userId } = session;
  const request = session.request({
    method: "POST",
    path: "/_matrix/client/v3/keys/query",
    body: { device_keys: { [userId]: [] } },
    schema: ownKeysSchema,
    maxBytes: MAX_OWN_KEYS_BYTES,
  });
  const answer: z.output<typeof ownKeysSchema> = (await unlessUnrecognized(request)) ?? {};
  const masterKey = publicKeyOf(answer.master_keys?.[userId], { userId, usage: "master" });
  const selfSigning = answer.self_signing_keys?.[userId];
  const selfSigningKey = publicKeyOf(selfSigning, { userId, usage: "self_signing" });
  const isSigned = isJsonObject(selfSigning) && isSignedByMaster(selfSigning, userId, masterKey);
  const signer = isSigned ? selfSigningKey : null;
  const devices: OwnDevice[] = [];
  for (const [deviceId, device] of Object.entries(answer.device_keys?.[userId] ?? {}).slice(0, MAX_DEVICES)) {
    if (!isJsonObject(device) || device["dehydrated"] === true) continue;
    const isCrossSigned = signer === null ? null : isSignedBy(device, crossSigning(userId, signer));
    devices.push({ deviceId, isCrossSigned });
  }
  return { masterKey, devices };
}

/** Whether the account's own master key signed an object. */
export function isSignedByMaster(
  object: JsonObject,
  userId: string,
  masterKey: OwnKeys["masterKey"],
): boolean {
  return masterKey !== null && isSignedBy(object, crossSigning(userId, masterKey));
}

function crossSigning(userId: string, publicKey: string) {
  return { userId, name: publicKey, publicKey };
}

/** The public key of a cross-signing key that belongs to the user (CS §Cross-signing). */
function publicKeyOf(key: unknown, { userId, usage }: { userId: string; usage: string }): string | null {
  if (!isJsonObject(key) || key["user_id"] !== userId) return null;
  const { usage: usages, keys } = key;
  if (!Array.isArray(usages) || !usages.includes(usage) || !isJsonObject(keys)) return null;
  const [[id, publicKey] = []] = Object.entries(keys);
  return typeof publicKey === "string" && id === `ed25519:${publicKey}` ? publicKey : null;
}
