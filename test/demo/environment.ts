import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import { startAuthorizationServer } from "../lab/authorization-server/authorization-server.ts";
import type { BotProcess } from "../lab/bot-process.ts";
import { createBot } from "../lab/bot-process.ts";
import type { Homeserver, HomeserverPair, PairOptions } from "../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../lab/homeservers/pair.ts";
import type { Person } from "../lab/person/person.ts";
import { startPerson } from "../lab/person/person.ts";
import type { Population } from "../lab/population/population.ts";
import { populate } from "../lab/population/population.ts";
import type { EncryptedPast } from "./encrypted-past.ts";
import { makeEncryptedPast } from "./encrypted-past.ts";
import type { SecondPerson } from "./second-person.ts";
import { makeSecondPerson } from "./second-person.ts";
import type { TranscriptStyle } from "./transcript.ts";
import { transcriptLines, wantsColours } from "./transcript.ts";

/** An account of the demo. */
export interface DemoAccount {
  readonly userId: string;
  /**
   * Printed at the end, for people who want to log in. It is of no use on the old server, which
   * signs in by link.
   */
  readonly password: string;
  readonly server: Homeserver;
}

/** Everything that the demo works with. */
export interface DemoEnvironment {
  readonly pair: HomeserverPair;
  readonly population: Population;
  readonly past: EncryptedPast;
  /** Who moves in the second act. */
  readonly second: SecondPerson;
  readonly bot: BotProcess;
  readonly botUserId: string;
  readonly oldAccount: DemoAccount;
  readonly newAccount: DemoAccount;
  /** The server to which the old server delegates sign-in. */
  readonly authorizationServer: AuthorizationServer;
  /** The user, with a client of their own, on the new account. */
  readonly person: Person;
  /** The encrypted direct chat with the bot. */
  readonly chatId: string;
  /** How transcripts of conversations look. */
  readonly style: TranscriptStyle;
  print(line: string): void;
  close(): Promise<void>;
}

/** Brings up two homeservers, the people and the bot, and opens the chat. */
export async function createDemoEnvironment(print: (line: string) => void): Promise<DemoEnvironment> {
  const folder = await mkdtemp(join(tmpdir(), "matrix-mover-demo-"));
  const opened: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const pairOptions = {
      folder: join(folder, "homeservers"),
      limits: "unlimited",
      names: { old: "old.localhost", new: "new.localhost" },
      log: print,
    } satisfies PairOptions;
    const founding = await startHomeserverPair(pairOptions);
    opened.push(() => founding.stop());
    const { userId: botUserId, password: botPassword } = await register(founding.new, "mover", "Mover");
    print("Ada's rooms are made, one of every kind there is …");
    const population = await populate({
      pair: founding,
      seed: 1,
      localparts: { source: "ada", target: "ada.lovelace" },
    });
    print(`${population.rooms.length} rooms on two servers, with ${population.people.length} other people`);

    const past = await makeEncryptedPast(founding, population);
    const second = await makeSecondPerson(founding);

    // The population signs up with the homeserver itself. Afterwards the old server delegates
    // sign-in, as the largest servers have done.
    await founding.stop();
    const authorizationServer = await startAuthorizationServer({ intervalSeconds: 1 });
    opened.push(() => authorizationServer.stop());
    const pair = await startHomeserverPair({
      ...pairOptions,
      extraConfig: { old: authorizationServer.homeserverConfig },
    });
    opened.push(() => pair.stop());
    authorizationServer.connect(pair.old);
    const oldAccount: DemoAccount = { ...population.source, server: pair.old };
    const newAccount: DemoAccount = { ...population.target, server: pair.new };

    const bot = await createBot({
      folder: join(folder, "bot"),
      homeserver: pair.new.baseUrl,
      userId: botUserId,
      password: botPassword,
      servers: { [pair.old.serverName]: pair.old.baseUrl, [pair.new.serverName]: pair.new.baseUrl },
      allow: ["@*:*"],
    });
    opened.push(() => bot.stop());
    await bot.start();
    print(`${botUserId} listens (npm start -- --config ${bot.configPath})`);

    const names = new Map([
      [botUserId, "Mover"],
      [newAccount.userId, "Ada"],
      [second.new.userId, "Bea"],
    ]);
    const style: TranscriptStyle = {
      nameOf: (userId) => names.get(userId) ?? userId,
      isBot: (userId) => userId === botUserId,
      hasColours: wantsColours(process.stdout, process.env),
    };
    let chatId: string | null = null;
    const person = await startPerson({
      baseUrl: pair.new.baseUrl,
      userId: newAccount.userId,
      password: newAccount.password,
      onMessage: (message, previous) => {
        // Ada's client shows all her rooms. The conversation is in one of them.
        if (message.roomId !== chatId) return;
        for (const line of transcriptLines(message, previous, style))
          print(withoutSecrets(line, [oldAccount.password, newAccount.password, past.recoveryKey]));
      },
    });
    opened.push(() => person.stop());
    chatId = await person.createDirectChat(botUserId, { encrypted: true });
    await person.waitForMembership(chatId, botUserId, "join");
    return {
      pair,
      population,
      past,
      second,
      style,
      bot,
      botUserId,
      oldAccount,
      newAccount,
      authorizationServer,
      person,
      chatId,
      print,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function register(server: Homeserver, localpart: string, displayName: string): Promise<DemoAccount> {
  const password = `Quay-${localpart.length}${localpart.at(0) ?? "x"}-Otter-4712`;
  const { userId } = await server.registerUser({ localpart, password, displayName });
  return { userId, password, server };
}

/** Other people read transcripts, so passwords and keys are hidden. */
function withoutSecrets(line: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, "••••••••"), line);
}
