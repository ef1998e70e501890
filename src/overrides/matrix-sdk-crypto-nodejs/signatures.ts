import { z } from "zod";
import type { UserId } from "./identifiers.ts";

const signaturesByUser = z.record(z.string(), z.record(z.string(), z.string()));

interface Signature {
  readonly isValid: boolean;
  readonly signature: { toBase64(): string };
}

/**
 * Signatures by user, in the form of the native package that matrix-bot-sdk reads
 * (`CryptoClient.sign`).
 */
export class Signatures {
  readonly #byUser: z.infer<typeof signaturesByUser>;

  /** `json`: the `signatures` object of the specification. */
  constructor(json: string) {
    this.#byUser = signaturesByUser.parse(JSON.parse(json));
  }

  /** By key ID. */
  get(userId: UserId): Record<string, Signature> | undefined {
    const signatures = this.#byUser[userId.toString()];
    if (!signatures) return undefined;
    return Object.fromEntries(
      Object.entries(signatures).map(([keyId, signature]) => [
        keyId,
        { isValid: true, signature: { toBase64: () => signature } },
      ]),
    );
  }
}
