import { z } from "zod";
import type { Claims } from "../claims.ts";
import { askServer } from "../ask-server.ts";
import { textOf } from "../person/person.ts";
import type { DemoAccount, Stage } from "../stage.ts";

const devicesSchema = z.object({ devices: z.array(z.object({ device_id: z.string(), display_name: z.string().nullish() })) });
const eventSchema = z.object({ unsigned: z.looseObject({ redacted_because: z.unknown() }), content: z.looseObject({}) });

/** Help, a mistake and its answer, signing in both accounts, and who is signed in. */
export async function playSignIn({ person, chatId, botUserId, oldAccount, newAccount }: Stage, claims: Claims): Promise<void> {
  const ask = async (text: string): Promise<string> => textOf(await person.ask(chatId, text, { from: botUserId }));

  const help = await ask("!help");
  await claims.check("the help names the sign-in", () => help.includes("!login"));
  const mistake = await ask("!logn old");
  await claims.check("the answer to the mistake names the right word", () => mistake.includes("Did you mean !login?"));

  await ask("!login old");
  await signIn("old", oldAccount);
  const refused = await ask(`!login new ${newAccount.userId} --password not-my-${newAccount.password}`);
  await claims.check(
    "a wrong password signs nobody in",
    async () => refused.includes("is not signed in") && (await sessionsOfBot(newAccount)).length === 0,
  );
  await signIn("new", newAccount);

  const both = await ask("!whoami");
  await claims.check("both accounts are signed in, each with one session of the bot", async () => {
    const sessions = await Promise.all([sessionsOfBot(oldAccount), sessionsOfBot(newAccount)]);
    return sessions.every((ofAccount) => ofAccount.length === 1 && both.includes(ofAccount[0] ?? "none"));
  });

  async function signIn(word: "old" | "new", account: DemoAccount): Promise<void> {
    const command = `!login ${word} ${account.userId} --password ${account.password}`;
    const commandId = person.say(chatId, command);
    await person.waitForMessage(chatId, (message) => textOf(message).includes(`${account.userId} is signed in`), {
      from: botUserId,
    });
    const eventId = await commandId;
    await claims.check("the message with the password is gone from the server", async () => {
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(chatId)}/event/${encodeURIComponent(eventId)}`;
      const event = eventSchema.parse(await askServer(oldAccount.server.baseUrl, person.accessToken, path));
      return Object.keys(event.content).length === 0;
    });
  }
}

/** Device IDs of the bot's sessions on an account, asked with a session made for the question. */
async function sessionsOfBot({ server, userId, password }: DemoAccount): Promise<string[]> {
  const login = { type: "m.login.password", identifier: { type: "m.id.user", user: userId }, password };
  const { access_token: accessToken } = z
    .object({ access_token: z.string() })
    .parse(await askServer(server.baseUrl, null, "/_matrix/client/v3/login", login));
  const { devices } = devicesSchema.parse(await askServer(server.baseUrl, accessToken, "/_matrix/client/v3/devices"));
  await askServer(server.baseUrl, accessToken, "/_matrix/client/v3/logout", {});
  return devices.filter((device) => device.display_name === "Matrix Mover").map((device) => device.device_id);
}
