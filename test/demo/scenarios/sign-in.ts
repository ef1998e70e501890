import { z } from "zod";
import { askServer } from "../../lab/ask-server.ts";
import { askBot } from "../../lab/bot-answer.ts";
import { textOf } from "../../lab/person/person.ts";
import type { Checks } from "../checks.ts";
import type { DemoAccount, DemoEnvironment } from "../environment.ts";
import { isRemoved } from "../removed-message.ts";

const devicesSchema = z.object({
  devices: z.array(z.object({ device_id: z.string(), display_name: z.string().nullish() })),
});

/** Help, a mistake and its answer, sign-in of both accounts, and `!whoami`. */
export async function playSignIn(environment: DemoEnvironment, checks: Checks): Promise<void> {
  const { person, chatId, botUserId, oldAccount, newAccount, authorizationServer } = environment;
  const ask = async (text: string): Promise<string> =>
    textOf(await askBot(person, chatId, text, { botUserId }));

  const help = await ask("!help");
  await checks.check("the help names the sign-in", () => help.includes("!login"));
  const mistake = await ask("!logn old");
  await checks.check("the answer to the mistake names the right word", () =>
    mistake.includes("Did you mean !login?"),
  );

  await signInByLink();
  const refused = await ask(`!login new ${newAccount.userId} --password not-my-${newAccount.password}`);
  await checks.check(
    "a wrong password signs nobody in",
    async () => refused.includes("is not signed in") && (await newSessions()).length === 0,
  );
  await signInByPassword("new", newAccount);

  const both = await ask("!whoami");
  await checks.check("both accounts are signed in, each with one session of the bot", async () => {
    const sessions = await Promise.all([oldSessions(), newSessions()]);
    return sessions.every((ofAccount) => ofAccount.length === 1 && both.includes(ofAccount[0] ?? "none"));
  });

  /** The address and the code, the person's confirmation in the browser, and the edited message. */
  async function signInByLink(): Promise<void> {
    const shown = await askBot(person, chatId, `!login old ${oldAccount.userId}`, { botUserId });
    const code = /^[A-Z]{6}$/mu.exec(textOf(shown))?.[0] ?? "";
    environment.print(
      "  (Ada opens the address in her browser, enters the code, ticks the box and grants access)",
    );
    await authorizationServer.approve(code, localpartOf(oldAccount.userId));
    await person.waitForMessage(
      chatId,
      (message) =>
        message.eventId === shown.eventId && textOf(message).includes(`${oldAccount.userId} is signed in`),
      { from: botUserId },
    );
    await checks.check("the old account is signed in by link, and nothing secret was typed", async () => {
      const typed = person.messages(chatId).filter(({ sender }) => sender === person.userId);
      return (
        (await oldSessions()).length === 1 &&
        typed.every((message) => !textOf(message).includes("--password"))
      );
    });
  }

  /** The old server has no passwords. Ada lists her devices through another session of hers. */
  async function oldSessions(): Promise<string[]> {
    const { accessToken } = await authorizationServer.openSession(localpartOf(oldAccount.userId));
    return botDevices(oldAccount.server.baseUrl, accessToken);
  }

  function newSessions(): Promise<string[]> {
    return botDevices(newAccount.server.baseUrl, person.accessToken);
  }

  async function signInByPassword(word: "old" | "new", account: DemoAccount): Promise<void> {
    const command = `!login ${word} ${account.userId} --password ${account.password}`;
    const eventId = await person.say(chatId, command);
    await person.waitForMessage(
      chatId,
      (message) => textOf(message).includes(`${account.userId} is signed in`),
      {
        from: botUserId,
        after: eventId,
      },
    );
    await checks.check("the message with the password is gone from the server", () =>
      isRemoved(environment, eventId),
    );
  }
}

/** Device IDs of the bot's sessions on an account. */
async function botDevices(baseUrl: string, accessToken: string): Promise<string[]> {
  const { devices } = devicesSchema.parse(
    await askServer(baseUrl, accessToken, "/_matrix/client/v3/devices"),
  );
  return devices.filter((device) => device.display_name === "Matrix Mover").map((device) => device.device_id);
}

function localpartOf(userId: string): string {
  return userId.slice(1, userId.indexOf(":"));
}
