import type { MatrixClient } from "matrix-bot-sdk";
import { z } from "zod";
import { isAbsent } from "../server-refusal.ts";

const contentSchema = z.looseObject({});

/**
 * The content of a room's state event with an empty state key. Null if the server says that there
 * is none.
 * @throws if the server does not answer, or refuses
 */
export async function readRoomState(
  client: Pick<MatrixClient, "doRequest">,
  roomId: string,
  type: string,
): Promise<z.infer<typeof contentSchema> | null> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/${type}/`;
  try {
    return contentSchema.parse(await client.doRequest("GET", path));
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
