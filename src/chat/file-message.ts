import { z } from "zod";
import type { FileReference } from "../model/file-reference.ts";
import type { RoomEvent } from "../store/received-events.ts";

/** CS §m.file. Other files (pictures, sounds) are nothing that a command takes. */
const fileMessageSchema = z.looseObject({
  msgtype: z.literal("m.file"),
  body: z.string().catch(""),
  filename: z.string().optional().catch(undefined),
  info: z.looseObject({ size: z.number().int().nonnegative().nullable().catch(null) }).catch({ size: null }),
  url: z.string().optional().catch(undefined),
  file: z
    .looseObject({
      url: z.string(),
      key: z.looseObject({ alg: z.literal("A256CTR"), k: z.string() }),
      iv: z.string(),
      hashes: z.looseObject({ sha256: z.string() }),
      v: z.literal("v2"),
    })
    .optional()
    .catch(undefined),
  "m.relates_to": z.looseObject({ rel_type: z.string().optional() }).optional().catch(undefined),
});

/** The file of a message; `null` for a message without one, and for an edit. */
export function readFileMessage(event: RoomEvent): FileReference | null {
  if (event.type !== "m.room.message") return null;
  const { data: content } = fileMessageSchema.safeParse(event.content);
  if (content === undefined || content["m.relates_to"]?.rel_type === "m.replace") return null;
  const { file, url = "", body, filename = body, info } = content;
  const medium = /^mxc:\/\/([^/]+)\/([A-Za-z0-9_-]{1,255})$/u.exec(file?.url ?? url);
  if (medium?.[1] === undefined || medium[2] === undefined) return null;
  return {
    name: filename,
    size: info.size,
    serverName: medium[1],
    mediaId: medium[2],
    encryption: file ? { key: file.key.k, iv: file.iv, sha256: file.hashes.sha256 } : null,
  };
}
