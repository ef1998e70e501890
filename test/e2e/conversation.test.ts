import { afterAll, beforeAll, expect, it } from "vitest";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";

let world: BotEnvironment;
let oldAccount: Account;
let newAccount: Account;
let ada: Person;
let roomId: string;

beforeAll(async () => {
  world = await createBotEnvironment();
  oldAccount = await world.register("old", "ada");
  newAccount = await world.register("new", "ada");
  await world.bot.start();
  ada = await world.client(oldAccount);
  roomId = await world.directChat(ada);
});

afterAll(() => world.close());

it("signs in two accounts by password and shows them", async () => {
  const signedIn = await world.answer(
    ada,
    roomId,
    `!login old ${oldAccount.userId} --password ${oldAccount.password}`,
  );
  expect(textOf(signedIn)).toContain(`Your old account ${oldAccount.userId} is signed in`);
  expect(signedIn).toMatchObject({ isEncrypted: true, shield: null });
  await world.answer(ada, roomId, `!login new ${newAccount.userId} --password ${newAccount.password}`);
  const shown = textOf(await world.answer(ada, roomId, "!whoami"));
  expect(shown).toMatch(
    new RegExp(`Old account: ${oldAccount.userId}, signed in by password since .* works`),
  );
  expect(shown).toMatch(
    new RegExp(`New account: ${newAccount.userId}, signed in by password since .* works`),
  );
});
