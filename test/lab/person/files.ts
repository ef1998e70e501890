import type { MatrixClient } from "matrix-js-sdk";
import { z } from "zod";
import { decryptAttachment, encryptAttachment, encryptedFileSchema } from "./attachments.ts";
import type { EventContent } from "./protocol.ts";

/** Uploads a file, encrypted if the room is, and returns the content of its `m.room.message`. */
export async function uploadFile(
  client: MatrixClient,
  roomId: string,
  { name, mimetype, bytes }: { name: string; mimetype: string; bytes: Uint8Array },
): Promise<EventContent> {
  const description = {
    msgtype: mimetype.startsWith("image/") ? "m.image" : "m.file",
    body: name,
    info: { mimetype, size: bytes.byteLength },
    "m.mentions": {},
  };
  if (client.getRoom(roomId)?.hasEncryptionStateEvent() !== true)
    return { ...description, url: await upload(client, bytes, { type: mimetype, name }) };
  const { encrypted, file } = encryptAttachment(bytes);
  // An encrypted file hides its name and its type from the server.
  return {
    ...description,
    file: { ...file, url: await upload(client, encrypted, { type: "application/octet-stream" }) },
  };
}

async function upload(
  client: MatrixClient,
  bytes: Uint8Array,
  options: { type: string; name?: string },
): Promise<string> {
  // The copy has an ArrayBuffer of its own, as a Blob wants it.
  const blob = new Blob([Uint8Array.from(bytes)]);
  const { content_uri: url } = await client.uploadContent(blob, {
    includeFilename: options.name !== undefined,
    ...options,
  });
  return url;
}

const fileContentSchema = z.union([
  z.object({ file: encryptedFileSchema }),
  z.object({ url: z.string() }).transform(({ url }) => ({ file: { url } })),
]);

/**
 * Downloads the file of a message through the authenticated media endpoint and decrypts it if
 * needed.
 */
export async function downloadFile(client: MatrixClient, content: EventContent): Promise<Uint8Array> {
  const { file } = fileContentSchema.parse(content);
  const address = client.mxcUrlToHttp(file.url, undefined, undefined, undefined, false, true, true);
  if (address === null) throw new Error("The file's address is not an mxc URI");
  const answer = await fetch(address, { headers: { authorization: `Bearer ${client.getAccessToken()}` } });
  if (!answer.ok) throw new Error(`The download was answered with HTTP ${answer.status}`);
  const bytes = await answer.bytes();
  return "key" in file ? decryptAttachment(bytes, file) : bytes;
}
