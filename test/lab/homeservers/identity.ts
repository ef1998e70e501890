import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { BySide } from "./model.ts";

const serverIdentity = z.strictObject({
  serverName: z.string(),
  federationPort: z.int(),
  /** Last client port; another one may be taken when the pair is started again. */
  clientPort: z.int(),
  signingKeyId: z.string(),
  /** In the format of Synapse's signing key file. */
  signingKey: z.string(),
  registrationSecret: z.string(),
  macaroonSecret: z.string(),
  formSecret: z.string(),
});

/** What stays the same as long as a server's data exists. All secrets are throw-away ones. */
export type ServerIdentity = z.infer<typeof serverIdentity>;

/** The content of a pair's `pair.json`. */
export const pairIdentity = z.strictObject({ old: serverIdentity, new: serverIdentity });
export type PairIdentity = BySide<ServerIdentity>;

/**
 * Names and keys for a new server. The host must be `localhost` or below it (loopback by RFC 6761).
 */
export function newServerIdentity(
  host: string,
  ports: { readonly client: number; readonly federation: number },
): ServerIdentity {
  if (!/^([a-z0-9-]+\.)*localhost$/.test(host))
    throw new RangeError(`"${host}" is neither localhost nor a name below it`);
  // Synapse identifies its keys by this ID. A random one also distinguishes two servers of the same
  // name.
  const keyName = `a_${randomBytes(6).toString("hex")}`;
  return {
    serverName: `${host}:${ports.federation}`,
    federationPort: ports.federation,
    clientPort: ports.client,
    signingKeyId: `ed25519:${keyName}`,
    signingKey: `ed25519 ${keyName} ${randomBytes(32).toString("base64").replaceAll("=", "")}`,
    registrationSecret: randomBytes(24).toString("hex"),
    macaroonSecret: randomBytes(24).toString("hex"),
    formSecret: randomBytes(24).toString("hex"),
  };
}
