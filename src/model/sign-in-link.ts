import { z } from "zod";
import type { Side } from "./account.ts";
import { sessionTokensSchema } from "./account.ts";
import { conversationAddressSchema } from "./conversation-address.ts";

/** Further keys hold the data with which the platform polls the link. They are a secret. */
export const signInLinkSchema = z.looseObject({
  userId: z.string(),
  baseUrl: z.string(),
  /** New for each sign-in, so it also identifies the sign-in. */
  deviceId: z.string(),
  userCode: z.string(),
  verificationUri: z.string(),
  intervalMs: z.number(),
  expiresAt: z.number(),
  /** The server that issues the tokens. Links of older versions do not name it. */
  issuer: z.string().optional(),
  /** The host of a page that shares no domain with the account's server. */
  foreignHost: z.string().nullable().optional(),
  /** The conversation in which the person gets the result. */
  address: conversationAddressSchema,
  /**
   * The tokens of the confirmed link; the session is not yet proven to belong to the right account.
   * A secret.
   */
  tokens: sessionTokensSchema.nullable(),
});

/** A sign-in by link that waits for its person. */
export type SignInLink = z.output<typeof signInLinkSchema> & { owner: string; side: Side };
