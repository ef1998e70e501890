import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import { botSessions, isSignedIn, removeSession } from "../support/servers/server-api.ts";
import { bytesOfFolder } from "../support/store/stored-bytes.ts";

let environment: BotEnvironment;

beforeAll(async () => {
  environment = await createBotEnvironment();
  await environment.bot.start();
});

afterAll(() => environment.close());

describe("two accounts on two servers, the old one typing in an encrypted chat", () => {
  let oldAccount: Account;
  let newAccount: Account;
  let chat: Chat;

  beforeAll(async () => {
    oldAccount = await environment.register("old", "ada");
    newAccount = await environment.register("new", "ada");
    chat = await openChat(environment, oldAccount, { encrypted: true });
  });

  it("are offered the server's sign-in methods, and the account that types is assumed", async () => {
    const offer = await chat.ask("!login old");
    expect(offer).toContain(
      `The server of your old account ${oldAccount.userId} has no sign-in by link. It takes a password or an access token.`,
    );
    expect(offer).toContain(`!login old ${oldAccount.userId} --password …`);
    expect(await botSessions(oldAccount)).toEqual([]);
  });

  it("sign in by password, the old one without being named", async () => {
    const first = await chat.ask(`!login old --password ${oldAccount.password}`);
    expect(first).toContain(`✅ Your old account ${oldAccount.userId} is signed in.`);
    expect(first).toContain("Next, sign in your new account: !login new @you:server.");
    const second = await chat.ask(`!login new ${newAccount.userId} --password ${newAccount.password}`);
    expect(second).toContain(`✅ Your new account ${newAccount.userId} is signed in.`);
    expect(second).toContain("Both accounts are signed in.");
    expect(second).toContain("servers are asked to delete it, but can't be made to");
    const commands = chat.person
      .messages(chat.roomId)
      .filter(({ sender, isRedacted }) => sender === oldAccount.userId && isRedacted);
    expect(commands).toHaveLength(2);
  });

  it("are shown with how they are signed in, and in the device list of each account", async () => {
    const [oldSession, newSession] = [await botSessions(oldAccount), await botSessions(newAccount)];
    expect([oldSession.length, newSession.length]).toEqual([1, 1]);
    const shown = await chat.whoami();
    for (const [label, { userId }, [deviceId = ""]] of [
      ["Old account", oldAccount, oldSession],
      ["New account", newAccount, newSession],
    ] as const)
      expect(shown).toMatch(
        new RegExp(`${label}: ${userId}, signed in by password since .* UTC, session ${deviceId}, works`),
      );
  });

  it("sign in as they are pasted: in code style, with capitals in the user ID and the server's name", async () => {
    const { userId, password, server } = oldAccount;
    for (const typed of [`@Ada:${server.serverName}`, `@ada:${server.serverName.toUpperCase()}`])
      expect(await chat.ask(`\`!login old ${typed} --password ${password}\``)).toContain(
        `✅ Your old account ${userId} is signed in.`,
      );
  });

  it("get a new session by signing in again, and the previous one is ended", async () => {
    const before = await botSessions(oldAccount);
    // Without a user ID the command means the account that is signed in on this side.
    expect(await chat.ask(`!login old --password ${oldAccount.password}`)).toContain(
      `${oldAccount.userId} is signed in`,
    );
    const after = await botSessions(oldAccount);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(await chat.whoami()).toContain(`session ${after[0] ?? ""}, works`);
  });

  it("lose the bot's session and keep the token's when a session is exchanged for the person's own token", async () => {
    expect(await chat.ask(`!login new ${newAccount.userId} --token ${newAccount.accessToken}`)).toContain(
      "I use the session of your token and never log it out.",
    );
    expect(await botSessions(newAccount)).toEqual([]);
    expect(await chat.ask(`!login new ${newAccount.userId} --password ${newAccount.password}`)).toContain(
      "is signed in",
    );
    expect(await isSignedIn(newAccount)).toBe(true);
    expect(await botSessions(newAccount)).toHaveLength(1);
  });

  it("are logged out one by one, each on its own server", async () => {
    expect(await chat.ask("!logout old")).toContain(
      `Old account ${oldAccount.userId}: my session is logged out`,
    );
    expect(await botSessions(oldAccount)).toEqual([]);
    const shown = await chat.ask("!whoami");
    expect(shown).toContain("Old account: not signed in");
    expect(shown).toContain(`New account: ${newAccount.userId}`);
    expect(await chat.ask("!logout old")).toContain("Your old account is not signed in here");
    expect(await botSessions(newAccount)).toHaveLength(1);
    expect(await chat.ask("!logout new")).toContain(
      `New account ${newAccount.userId}: my session is logged out`,
    );
    expect(await botSessions(newAccount)).toEqual([]);
  });

  it("are both logged out by !logout alone", async () => {
    await chat.ask(`!login old --password ${oldAccount.password}`);
    await chat.ask(`!login new ${newAccount.userId} --password ${newAccount.password}`);
    const answer = await chat.ask("!logout");
    expect(answer).toContain(`Old account ${oldAccount.userId}: my session is logged out`);
    expect(answer).toContain(`New account ${newAccount.userId}: my session is logged out`);
    expect([...(await botSessions(oldAccount)), ...(await botSessions(newAccount))]).toEqual([]);
    expect(await chat.ask("!logout")).toContain("Your accounts are not signed in here");
  });

  it("show a session that its owner has signed out as ended, and can be signed in again", async () => {
    await chat.ask(`!login old --password ${oldAccount.password}`);
    const [deviceId = ""] = await botSessions(oldAccount);
    await removeSession(oldAccount, deviceId);
    expect(await chat.whoami()).toMatch(
      new RegExp(`Old account: ${oldAccount.userId}, .*, has ended: please sign in again`),
    );
    await chat.ask(`!login old --password ${oldAccount.password}`);
    expect(await chat.whoami()).toMatch(new RegExp(`Old account: ${oldAccount.userId}, .*, works`));
  });
});

describe("two accounts on the same server, the new one typing", () => {
  it("sign in by their own tokens, which are never logged out", async () => {
    const before = await environment.register("old", "ben");
    const after = await environment.register("old", "benjamin");
    const chat = await openChat(environment, after);
    const first = await chat.ask(`!login old ${before.userId} --token ${before.accessToken}`);
    expect(first).toContain(`✅ Your old account ${before.userId} is signed in.`);
    expect(first).toContain("it was not encrypted: change that password or token when the move is over");
    expect(await chat.ask(`!login new --token ${after.accessToken}`)).toContain(
      `✅ Your new account ${after.userId} is signed in.`,
    );
    const shown = await chat.whoami();
    expect(shown).toMatch(
      new RegExp(
        `Old account: ${before.userId}, signed in by your access token .* ${before.deviceId}, works`,
      ),
    );
    expect(shown).toMatch(
      new RegExp(`New account: ${after.userId}, signed in by your access token .* ${after.deviceId}, works`),
    );

    const loggedOut = await chat.ask("!logout");
    expect(loggedOut).toContain(
      `Old account ${before.userId}: I no longer use your token, and left its session as it is`,
    );
    expect(await isSignedIn(before)).toBe(true);
    expect(await isSignedIn(after)).toBe(true);
    expect(await chat.ask("!whoami")).not.toContain(before.userId);
  });
});

describe("a third account typing for two others", () => {
  let typing: Account;
  let oldAccount: Account;
  let newAccount: Account;
  let chat: Chat;

  beforeAll(async () => {
    typing = await environment.register("new", "cleo");
    oldAccount = await environment.register("old", "dora");
    newAccount = await environment.register("new", "dora");
    chat = await openChat(environment, typing);
  });

  it("signs one in by password and one by token", async () => {
    await chat.ask(`!login old ${oldAccount.userId} --password ${oldAccount.password}`);
    await chat.ask(`!login new ${newAccount.userId} --token ${newAccount.accessToken}`);
    const shown = await chat.whoami();
    expect(shown).toMatch(new RegExp(`Old account: ${oldAccount.userId}, signed in by password`));
    expect(shown).toMatch(new RegExp(`New account: ${newAccount.userId}, signed in by your access token`));
    expect(shown).not.toContain(typing.userId);
  });

  it("learns that a server is away, and which session to remove when it cannot be logged out", async () => {
    const [deviceId = ""] = await botSessions(oldAccount);
    await environment.pair.old.stop();
    const shown = await chat.ask("!whoami");
    expect(shown).toMatch(
      new RegExp(
        `Old account: ${oldAccount.userId}, .*, not checked, since the server does not answer just now`,
      ),
    );
    expect(shown).toMatch(new RegExp(`New account: ${newAccount.userId}, .*, works`));
    expect(await chat.ask("!logout old")).toContain(`please remove the device ${deviceId} in your app`);
    await environment.pair.old.start();
    expect(await botSessions(oldAccount)).toEqual([deviceId]);
    await removeSession(oldAccount, deviceId);
  });

  it("erases everything by !forget, and nothing of it is left in the data directory", async () => {
    await chat.ask(`!login old ${oldAccount.userId} --password ${oldAccount.password}`);
    const traces = [oldAccount.userId, newAccount.userId, newAccount.accessToken, oldAccount.password];
    expect(tracesIn(await bytesOfFolder(environment.bot.dataDir), traces)).toEqual([
      oldAccount.userId,
      newAccount.userId,
    ]);

    const answer = await chat.ask("!forget");
    expect(answer).toMatch(
      /Old account: my session is logged out\n.*New account: I no longer use your token/u,
    );
    expect(answer).toMatch(
      /Erased: 2 accounts with their sessions, and what I kept of \d+ messages to you\./u,
    );
    expect(await botSessions(oldAccount)).toEqual([]);
    expect(await isSignedIn(newAccount)).toBe(true);
    // The answer itself is erased once it is sent. The person may see it a moment before.
    const left = async (): Promise<string[]> => {
      // The encryption store keeps the IDs of people with whom the bot shares a room.
      const database = await bytesOfFolder(
        environment.bot.dataDir,
        (path) => !path.startsWith(join(environment.bot.dataDir, "crypto")),
      );
      return [
        ...tracesIn(await bytesOfFolder(environment.bot.dataDir), traces),
        ...tracesIn(database, [typing.userId]),
      ];
    };
    await expect.poll(left).toEqual([]);
    const shown = await chat.ask("!whoami");
    expect(shown).toContain("Old account: not signed in");
    expect(shown).toContain("New account: not signed in");
  });
});

function tracesIn(bytes: Buffer, traces: readonly string[]): string[] {
  return traces.filter((trace) => bytes.includes(trace));
}
