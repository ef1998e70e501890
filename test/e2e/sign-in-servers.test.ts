import { afterAll, beforeAll, expect, it } from "vitest";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import { botSessions, countLogins } from "../support/servers/server-api.ts";

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  oldAccount: Account;
  newAccount: Account;
  chat: Chat;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.environment = await createBotEnvironment({
    extraConfig: {
      old: { password_config: { enabled: false } },
      new: { rc_login: { account: { per_second: 0.01, burst_count: 1 } } },
    },
  });
  fixture.oldAccount = await fixture.environment.register("old", "ada");
  fixture.newAccount = await fixture.environment.register("new", "ada");
  await fixture.environment.bot.start();
  fixture.chat = await openChat(fixture.environment, await fixture.environment.register("new", "typist"));
});

afterAll(() => fixture.environment.close());

it("a server without passwords offers the other sign-in method and gets no password", async () => {
  const { environment, oldAccount, chat } = fixture;
  const offer = await chat.ask(`!login old ${oldAccount.userId}`);
  expect(offer).toContain("takes no password from me, but an access token.");
  expect(offer).not.toContain("--password");
  const answer = await chat.ask(`!login old ${oldAccount.userId} --password ${oldAccount.password}`);
  expect(answer).toContain(
    `Its server takes no passwords. Please use an access token: !login old ${oldAccount.userId} --token ….`,
  );
  expect(await countLogins(environment.pair.old)).toBe(0);
  expect(await chat.ask(`!login old ${oldAccount.userId} --token ${oldAccount.accessToken}`)).toContain(
    "is signed in",
  );
});

it("a server's limit of sign-ins is reported with the wait, and the earlier session stays", async () => {
  const { newAccount, chat } = fixture;
  expect(await chat.ask(`!login new ${newAccount.userId} --password ${newAccount.password}`)).toContain(
    "is signed in",
  );
  const [session = ""] = await botSessions(newAccount);
  const answer = await chat.ask(`!login new ${newAccount.userId} --password ${newAccount.password}`);
  expect(answer).toMatch(
    /The server asks me to wait (?:\d+ seconds|2 minutes) before the next sign-in\. Please try again then\./u,
  );
  expect(await botSessions(newAccount)).toEqual([session]);
  expect(await chat.whoami()).toMatch(
    new RegExp(`New account: ${newAccount.userId}, .* session ${session}, works`),
  );
});
