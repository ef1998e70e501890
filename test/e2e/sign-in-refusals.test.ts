import { afterAll, beforeAll, expect, it } from "vitest";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import { botSessions, callServer, countLogins, isSignedIn } from "../support/servers/server-api.ts";

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  chat: Chat;
  /** Signed in before the first refusal. No refusal may change that. */
  newAccount: Account;
  adminToken: string;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.environment = await createBotEnvironment({ extraConfig: { old: { allow_guest_access: true } } });
  fixture.newAccount = await fixture.environment.register("new", "ada");
  const admin = await fixture.environment.pair.old.registerUser({
    localpart: "admin",
    password: "the admin's",
    admin: true,
  });
  fixture.adminToken = admin.accessToken;
  await fixture.environment.bot.start();
  fixture.chat = await openChat(fixture.environment, fixture.newAccount);
  await fixture.chat.ask(`!login new --password ${fixture.newAccount.password}`);
});

afterAll(() => fixture.environment.close());

/**
 * What must hold after each refusal: the old account is not signed in, the new one still is, and
 * the message with the secret is removed.
 */
async function expectNothingChanged(): Promise<void> {
  const { chat, newAccount } = fixture;
  const shown = await chat.whoami();
  expect(shown).toContain("Old account: not signed in");
  expect(shown).toMatch(new RegExp(`New account: ${newAccount.userId}, .*, works`));
  const own = chat.person
    .messages(chat.roomId)
    .filter(({ sender, type }) => sender === newAccount.userId && type === "m.room.message");
  const bodies = own.map(({ content }) => String(content["body"]));
  expect(bodies.filter((body) => / --(?:password|token) /u.test(body))).toEqual([]);
}

function administer(method: "POST" | "PUT", path: string, body: unknown): Promise<{ status: number }> {
  const { environment, adminToken } = fixture;
  return callServer(environment.pair.old, adminToken, method, `/_synapse/admin${path}`, body);
}

it("a wrong password is reported to the person and leaves no session", async () => {
  const { environment, chat, newAccount } = fixture;
  const account = await environment.register("old", "wrong-password");
  const eventId = await chat.person.say(
    chat.roomId,
    `!login old ${account.userId} --password not-${account.password}`,
  );
  const answer = await chat.person.waitForMessage(
    chat.roomId,
    ({ content }) => content["msgtype"] === "m.text",
    {
      from: environment.botUserId,
      after: eventId,
    },
  );
  expect(answer.content["body"]).toContain(
    `Your old account ${account.userId} is not signed in. The server says that the password is wrong. Please try again: !login old ${account.userId} --password ….`,
  );
  expect(answer.content["m.mentions"]).toEqual({ user_ids: [newAccount.userId] });
  expect(await botSessions(account)).toEqual([]);
  await expectNothingChanged();
});

it("an account that does not exist is refused like a wrong password", async () => {
  const { environment, chat } = fixture;
  const answer = await chat.ask(`!login old @nobody:${environment.pair.old.serverName} --password anything`);
  expect(answer).toContain("The server says that the password is wrong.");
  await expectNothingChanged();
});

it("another account's token is not used, and its session stays", async () => {
  const { environment, chat } = fixture;
  const account = await environment.register("old", "named");
  const other = await environment.register("old", "owner-of-the-token");
  const answer = await chat.ask(`!login old ${account.userId} --token ${other.accessToken}`);
  expect(answer).toContain(`The secret belongs to ${other.userId}, another account. I did not use it.`);
  expect(await isSignedIn(other)).toBe(true);
  await expectNothingChanged();
});

it("a guest is refused", async () => {
  const { environment, chat } = fixture;
  const { body } = await callServer(
    environment.pair.old,
    null,
    "POST",
    "/_matrix/client/v3/register?kind=guest",
    {},
  );
  const answer = await chat.ask(
    `!login old ${String(body["user_id"])} --token ${String(body["access_token"])}`,
  );
  expect(answer).toContain(
    "It is a guest account, and guests can't be moved. Please use a registered account.",
  );
  await expectNothingChanged();
});

it("a locked account is refused by password, by token and by its earlier session", async () => {
  const { environment, chat } = fixture;
  const account = await environment.register("old", "locked");
  await chat.ask(`!login old ${account.userId} --password ${account.password}`);
  expect(
    await administer("PUT", `/v2/users/${encodeURIComponent(account.userId)}`, { locked: true }),
  ).toMatchObject({
    status: 200,
  });
  expect(await chat.whoami()).toMatch(
    new RegExp(`Old account: ${account.userId}, .*, does not work: the account is locked by its server`),
  );
  await chat.ask("!logout old");
  for (const secret of [`--password ${account.password}`, `--token ${account.accessToken}`]) {
    const answer = await chat.ask(`!login old ${account.userId} ${secret}`);
    expect(answer).toContain(
      "This account is locked by its server. Please ask its administrator to unlock it.",
    );
  }
  await expectNothingChanged();
  expect(
    await administer("PUT", `/v2/users/${encodeURIComponent(account.userId)}`, { locked: false }),
  ).toMatchObject({
    status: 200,
  });
  expect(await botSessions(account)).toEqual([]);
});

it("a deactivated account is refused by password and by token", async () => {
  const { environment, chat } = fixture;
  const account = await environment.register("old", "deactivated");
  expect(await administer("POST", `/v1/deactivate/${encodeURIComponent(account.userId)}`, {})).toMatchObject({
    status: 200,
  });
  const byPassword = await chat.ask(`!login old ${account.userId} --password ${account.password}`);
  // Synapse forgets the password of a deactivated account and answers as for a wrong one.
  expect(byPassword).toContain("The server says that the password is wrong.");
  const byToken = await chat.ask(`!login old ${account.userId} --token ${account.accessToken}`);
  expect(byToken).toContain("The server does not know this token");
  await expectNothingChanged();
});

it("tokens that are signed out, unknown or malformed are refused", async () => {
  const { environment, chat } = fixture;
  const account = await environment.register("old", "signed-out");
  await callServer(environment.pair.old, account.accessToken, "POST", "/_matrix/client/v3/logout", {});
  for (const token of [
    account.accessToken,
    "syt_bWFkZSB1cA_notATokenOfAnybody_0aBcDe",
    "pässwörd\u0007 with spaces",
  ]) {
    const answer = await chat.ask(`!login old ${account.userId} --token ${token}`);
    expect(answer).toContain(
      "The server does not know this token: it has expired, or its session was signed out.",
    );
    expect(answer).not.toContain(token);
  }
  await expectNothingChanged();
});

it("the new account is refused as the old one, and nothing is asked of its server", async () => {
  const { chat, newAccount } = fixture;
  const sentence = "It is the other of your two accounts already, and old and new must differ. See !whoami.";
  const [before, logins] = [await botSessions(newAccount), await countLogins(newAccount.server)];
  expect(await chat.ask("!login old")).toContain(sentence);
  expect(await chat.ask(`!login old ${newAccount.userId} --password ${newAccount.password}`)).toContain(
    sentence,
  );
  expect(await chat.ask(`!login old --token ${newAccount.accessToken}`)).toContain(sentence);
  expect(await botSessions(newAccount)).toEqual(before);
  expect(await countLogins(newAccount.server)).toBe(logins);
  await expectNothingChanged();
});

it("the old account is refused as the new one", async () => {
  const { environment, chat, newAccount } = fixture;
  const account = await environment.register("old", "both");
  await chat.ask(`!login old ${account.userId} --password ${account.password}`);
  const answer = await chat.ask(`!login new ${account.userId} --token ${account.accessToken}`);
  expect(answer).toContain(
    `Your new account ${account.userId} is not signed in. It is the other of your two accounts already`,
  );
  const shown = await chat.whoami();
  expect(shown).toMatch(new RegExp(`Old account: ${account.userId}, .*, works`));
  expect(shown).toMatch(new RegExp(`New account: ${newAccount.userId}, .*, works`));
});
