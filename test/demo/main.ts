// The demo: two real homeservers, a person, the bot and a real conversation.
//
// With --once it ends after the conversation. The exit status is 0 if all statements were true, 1
// otherwise. Without --once it stays up, so that people can chat with the bot.
import { once } from "node:events";
import yargsParser from "yargs-parser";
import { Checks } from "./checks.ts";
import type { DemoEnvironment } from "./environment.ts";
import { createDemoEnvironment } from "./environment.ts";
import { playContact } from "./scenarios/contact.ts";
import { playGoneServer } from "./scenarios/gone-server.ts";
import { playKeys, playReading } from "./scenarios/keys.ts";
import { playMove } from "./scenarios/move.ts";
import { playPlan } from "./scenarios/plan.ts";
import { playSignIn } from "./scenarios/sign-in.ts";

const { once: endsAfterwards } = yargsParser(process.argv.slice(2), { boolean: ["once"] });
const print = (line: string): void => console.log(line);

const environment = await createDemoEnvironment(print);
try {
  const checks = new Checks(print);
  await playSignIn(environment, checks);
  await playPlan(environment, checks);
  const recoveryKey = await playKeys(environment, checks);
  await playMove(environment, checks);
  await playReading(environment, checks, recoveryKey);
  await playContact(environment, checks);
  await playGoneServer(environment, checks);
  print(checks.areAllTrue ? "\nEverything shown above is true." : "\nSomething shown above is NOT true.");
  process.exitCode = checks.areAllTrue ? 0 : 1;
  if (endsAfterwards !== true) {
    invite(environment);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  }
} catch (error) {
  print(`\nThe demo failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  print(environment.bot.output().split("\n").slice(-30).join("\n"));
  process.exitCode = 1;
} finally {
  await environment.close();
}

function invite({ newAccount, botUserId }: DemoEnvironment): void {
  print(
    "\nThe new homeserver and the bot stay up. Log in from any Matrix client, for example https://app.element.io, and go on chatting:",
  );
  const { server, userId, password } = newAccount;
  print(`  homeserver ${server.baseUrl}   user ${userId}   password ${password}`);
  print(`  the bot is ${botUserId}\nCtrl+C ends it all.`);
}
