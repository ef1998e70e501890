import { z } from "zod";
import { askServer } from "../../lab/ask-server.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";

const createdSchema = z.object({ room_id: z.string() });
const encryption = {
  type: "m.room.encryption",
  state_key: "",
  content: { algorithm: "m.megolm.v1.aes-sha2" },
};

export interface ControlRoomOptions {
  /** Local part of its alias. Without it the room has no alias. */
  alias?: string;
  encrypted?: boolean;
  /** Whether the bot may remove messages of others. */
  canBotRedact?: boolean;
}

/**
 * Makes a public room on the bot's server before the bot starts, since a control room must exist
 * then. Its owner sends no messages.
 */
export async function createControlRoom(
  { new: server }: HomeserverPair,
  { alias, encrypted = false, canBotRedact = false }: ControlRoomOptions = {},
): Promise<string> {
  owners += 1;
  const { accessToken } = await server.registerUser({ localpart: `owner${owners}`, password: "unused" });
  return createRoomOf(server.baseUrl, accessToken, {
    preset: "public_chat",
    initial_state: encrypted ? [encryption] : [],
    ...(alias !== undefined && { room_alias_name: alias }),
    ...(canBotRedact && { power_level_content_override: { redact: 0 } }),
  });
}

let owners = 0;

/**
 * Makes a room with exactly this request (CS API §createRoom).
 * @returns the room ID
 */
export async function createRoomOf(
  baseUrl: string,
  accessToken: string,
  content: Record<string, unknown>,
): Promise<string> {
  return createdSchema.parse(await askServer(baseUrl, accessToken, "/_matrix/client/v3/createRoom", content))
    .room_id;
}
