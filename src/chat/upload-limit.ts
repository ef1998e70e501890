import { z } from "zod";
import type { SendingClient } from "./message-sender.ts";

/** Synapse's default. Proxies in front of a server often have a lower one of their own. */
const USUAL_LIMIT = 50 * 1024 * 1024;

const configSchema = z.looseObject({ "m.upload.size": z.number().int().positive() });

/** CS §Content repository. Servers from before v1.11 have only the second path. */
const PATHS = ["/_matrix/client/v1/media/config", "/_matrix/media/v3/config"];

/** The largest file that the bot's server takes, in bytes; the usual one if it does not say. */
export async function readUploadLimit(client: Pick<SendingClient, "doRequest">): Promise<number> {
  for (const path of PATHS) {
    const answer = await client.doRequest("GET", path, null, null).catch(() => null);
    const { data } = configSchema.safeParse(answer);
    if (data !== undefined) return data["m.upload.size"];
  }
  return USUAL_LIMIT;
}
