import { z } from "zod";

/** Where the file of a message is, and what decrypts it; stored as JSON. A secret. */
export const fileReferenceSchema = z.object({
  name: z.string(),
  /** In bytes, as the sender's app says. */
  size: z.number().nullable(),
  /** The server and the ID of the medium (CS §Content repository). */
  serverName: z.string(),
  mediaId: z.string(),
  /** `null`: the file is not encrypted. Base64 (CS §Sending encrypted attachments). */
  encryption: z.object({ key: z.string(), iv: z.string(), sha256: z.string() }).nullable(),
});
/** Where the file of a message is, and what decrypts it. */
export type FileReference = z.infer<typeof fileReferenceSchema>;

/** A file that a person sent to the bot. */
export interface ReceivedFile {
  readonly eventId: string;
  readonly file: FileReference;
}

/** How the download of a file ended. */
export type Download =
  | { readonly status: "downloaded"; readonly bytes: Buffer }
  /** It is larger than allowed. */
  | { readonly status: "too_large" }
  /** The server of the bot does not have it, or refuses. */
  | { readonly status: "gone" }
  /** It is another one than the message says. */
  | { readonly status: "damaged" }
  /** The server of the bot does not answer. */
  | { readonly status: "unreachable" };
