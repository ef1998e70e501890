import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BotProcess } from "./bot-process.ts";
import { createBot } from "./bot-process.ts";
import type { Homeserver, HomeserverPair } from "./homeservers/pair.ts";
import { startHomeserverPair } from "./homeservers/pair.ts";
import type { Person } from "./person/person.ts";
import { startPerson } from "./person/person.ts";
import type { Population } from "./population/population.ts";
import { populate } from "./population/population.ts";
import type { TranscriptStyle } from "./transcript.ts";
import { transcriptLines, wantsColours } from "./transcript.ts";

/** An account of the demo; its password is printed at the end, for whoever wants to log in. */
export interface DemoAccount {
  readonly userId: string;
  readonly password: string;
  readonly server: Homeserver;
}

/** Everything the demo plays with. */
export interface Stage {
  readonly pair: HomeserverPair;
  readonly population: Population;
  readonly bot: BotProcess;
  readonly botUserId: string;
  readonly oldAccount: DemoAccount;
  readonly newAccount: DemoAccount;
  /** The user, in a client of their own, on the old account. */
  readonly person: Person;
  /** The encrypted direct chat with the bot. */
  readonly chatId: string;
  print(line: string): void;
  close(): Promise<void>;
}

/** Brings up two homeservers, the people and the bot, and opens the chat. */
export async function setStage(print: (line: string) => void): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "matrix-mover-demo-"));
  const opened: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const pair = await startHomeserverPair({
      folder: join(folder, "homeservers"),
      limits: "unlimited",
      names: { old: "old.localhost", new: "new.localhost" },
      log: print,
    });
    opened.push(() => pair.stop());
    const botAccount = await register(pair.new, "mover", "Mover");
    print("Ada's rooms are made, one of every kind there is …");
    const population = await populate({ pair, seed: 1, localparts: { source: "ada", target: "ada.lovelace" } });
    print(`${population.rooms.length} rooms on two servers, with ${population.people.length} other people`);
    const oldAccount: DemoAccount = { ...population.source, server: pair.old };
    const newAccount: DemoAccount = { ...population.target, server: pair.new };

    const bot = await createBot({
      folder: join(folder, "bot"),
      homeserver: pair.new.baseUrl,
      userId: botAccount.userId,
      password: botAccount.password,
      servers: { [pair.old.serverName]: pair.old.baseUrl, [pair.new.serverName]: pair.new.baseUrl },
      allow: ["@*:*"],
    });
    opened.push(() => bot.stop());
    await bot.start();
    print(`${botAccount.userId} listens (npm start -- --config ${bot.configPath})`);

    const style: TranscriptStyle = {
      nameOf: (userId) => (userId === botAccount.userId ? "Mover" : userId === oldAccount.userId ? "Ada" : userId),
      isBot: (userId) => userId === botAccount.userId,
      hasColours: wantsColours(process.stdout, process.env),
    };
    let chatId: string | null = null;
    const person = await startPerson({
      baseUrl: pair.old.baseUrl,
      userId: oldAccount.userId,
      password: oldAccount.password,
      // The population gives the account the marks of an encryption of its own, which a new identity would collide with.
      crossSigning: false,
      onMessage: (message, previous) => {
        // Ada's client shows all her rooms; the conversation is in one.
        if (message.roomId !== chatId) return;
        for (const line of transcriptLines(message, previous, style)) print(withoutSecrets(line, [oldAccount, newAccount]));
      },
    });
    opened.push(() => person.stop());
    chatId = await person.createDirectChat(botAccount.userId, { encrypted: true });
    await person.waitForMembership(chatId, botAccount.userId, "join");
    return { pair, population, bot, botUserId: botAccount.userId, oldAccount, newAccount, person, chatId, print, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function register(server: Homeserver, localpart: string, displayName: string): Promise<DemoAccount> {
  const password = `${localpart}-password`;
  const { userId } = await server.registerUser({ localpart, password, displayName });
  return { userId, password, server };
}

/** A transcript is shown to others; what was typed behind `--password` is not for them. */
function withoutSecrets(line: string, accounts: readonly DemoAccount[]): string {
  return accounts.reduce((shown, { password }) => shown.replaceAll(password, "••••••••"), line);
}
