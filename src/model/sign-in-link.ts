import { z } from "zod";
import type { Side } from "./account.ts";
import { sessionTokensSchema } from "./account.ts";
import { conversationAddressSchema } from "./conversation-address.ts";

/** What the platform needs to poll it is kept beside these keys, and is a secret. */
export const signInLinkSchema = z.looseObject({
  userId: z.string(),
  baseUrl: z.string(),
  /** New for each sign-in, so it also distinguishes one from the next. */
  deviceId: z.string(),
  userCode: z.string(),
  verificationUri: z.string(),
  intervalMs: z.number(),
  expiresAt: z.number(),
  /** Where its result is reported to the person. */
  address: conversationAddressSchema,
  /** The session that the code became, not yet proven to be the right account's. A secret. */
  tokens: sessionTokensSchema.nullable(),
});

/** A sign-in by link that waits for its person. */
export type SignInLink = z.output<typeof signInLinkSchema> & { owner: string; side: Side };
