import { z } from "zod";
import { askServer } from "../../lab/ask-server.ts";
import type { BotEnvironment } from "../environments/bot-environment.ts";
import { botPassword } from "../environments/bot-environment.ts";

const devicesSchema = z.object({
  devices: z.array(z.object({ device_id: z.string(), display_name: z.string().nullish() })),
});
const challengeSchema = z.object({ session: z.string() });

/** IDs of the devices that the bot has created, as its server lists them. */
export async function botDevices({ pair, botAccessToken }: BotEnvironment): Promise<string[]> {
  const { devices } = devicesSchema.parse(
    await askServer(pair.new.baseUrl, botAccessToken, "/_matrix/client/v3/devices"),
  );
  return devices
    .filter((device) => device.display_name === "Matrix Mover (bot)")
    .map((device) => device.device_id);
}

/**
 * Ends a session of the bot from another session, as its owner would in an app (CS API §Client
 * device management, by password).
 */
export async function signOutBotDevice(
  { pair, botAccessToken, botUserId }: BotEnvironment,
  deviceId: string,
): Promise<void> {
  const remove = (auth?: unknown): Promise<Response> =>
    fetch(`${pair.new.baseUrl}/_matrix/client/v3/devices/${deviceId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${botAccessToken}`, "content-type": "application/json" },
      body: JSON.stringify({ auth }),
    });
  const { session } = challengeSchema.parse(await (await remove()).json());
  const identifier = { type: "m.id.user", user: botUserId };
  const { status } = await remove({ type: "m.login.password", identifier, password: botPassword, session });
  if (status !== 200) throw new Error(`the device was not removed: ${String(status)}`);
}
