import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { chatIn } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  oldAccount: Account;
  newAccount: Account;
  ada: Person;
  roomId: string;
}

const fixture = {} as Fixture;

describe("the bot", () => {
  beforeAll(async () => {
    fixture.environment = await createBotEnvironment();
    fixture.oldAccount = await fixture.environment.register("old", "ada");
    fixture.newAccount = await fixture.environment.register("new", "ada");
    await fixture.environment.bot.start();
    fixture.ada = await fixture.environment.client(fixture.oldAccount);
    fixture.roomId = await fixture.environment.directChat(fixture.ada);
  });

  afterAll(() => fixture.environment.close());

  it("signs in two accounts by password and shows them", async () => {
    const { environment, oldAccount, newAccount, ada, roomId } = fixture;
    const signedIn = await environment.answer(
      ada,
      roomId,
      `!login old ${oldAccount.userId} --password ${oldAccount.password}`,
    );
    expect(textOf(signedIn)).toContain(`Your old account ${oldAccount.userId} is signed in`);
    expect(signedIn).toMatchObject({ isEncrypted: true, shield: null });
    await environment.answer(
      ada,
      roomId,
      `!login new ${newAccount.userId} --password ${newAccount.password}`,
    );
    const shown = await chatIn(environment, ada, roomId).whoami();
    expect(shown).toMatch(
      new RegExp(`Old account: ${oldAccount.userId}, signed in by password since .* works`),
    );
    expect(shown).toMatch(
      new RegExp(`New account: ${newAccount.userId}, signed in by password since .* works`),
    );
  });
});
