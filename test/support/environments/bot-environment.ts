import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerBehind, askBot } from "../../lab/bot-answer.ts";
import type { BotOptions, BotProcess } from "../../lab/bot-process.ts";
import { createBot } from "../../lab/bot-process.ts";
import type { Homeserver, HomeserverPair, PairOptions } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { Person, PersonOptions, SeenMessage } from "../../lab/person/person.ts";
import { startPerson } from "../../lab/person/person.ts";
import type { AuthorizationServers } from "../servers/delegating-homeserver.ts";
import { delegatingTo } from "../servers/delegating-homeserver.ts";

export const botPassword = "the-bots-own-password";

/** A registered person with what a test needs to act as them. */
export interface Account {
  readonly userId: string;
  readonly password: string;
  readonly accessToken: string;
  /** Of the session that `accessToken` belongs to. */
  readonly deviceId: string;
  readonly server: Homeserver;
}

/** Two homeservers, a bot on the new one, and the people that a test adds. */
export interface BotEnvironment {
  readonly folder: string;
  readonly pair: HomeserverPair;
  readonly authorizationServers: AuthorizationServers;
  readonly bot: BotProcess;
  readonly botUserId: string;
  /**
   * A second session of the bot's account, made by its registration. Tests read the account or act
   * with it.
   */
  readonly botAccessToken: string;
  register(side: "old" | "new", localpart: string): Promise<Account>;
  /** A client of its own process; ended with the environment. */
  client(account: Account, options?: Partial<PersonOptions>): Promise<Person>;
  /** A direct chat that the bot has joined. */
  directChat(person: Person, options?: { encrypted?: boolean }): Promise<string>;
  /**
   * Says something and waits for the bot's final answer. A progress note ("Asking …") is not one.
   */
  answer(person: Person, roomId: string, text: string): Promise<SeenMessage>;
  close(): Promise<void>;
}

export interface BotEnvironmentOptions {
  limits?: PairOptions["limits"];
  names?: PairOptions["names"];
  extraConfig?: PairOptions["extraConfig"];
  /** Running authorization servers. The caller stops them. */
  authorizationServers?: AuthorizationServers;
  /** Changes to the bot's options, made when the homeservers and their names are known. */
  bot?: (pair: HomeserverPair) => Partial<BotOptions> | Promise<Partial<BotOptions>>;
}

/** Brings up an environment. The bot is made but not started, so that a test can choose how. */
export async function createBotEnvironment({
  limits = "unlimited",
  names,
  extraConfig = {},
  authorizationServers = {},
  bot: botOptions = () => ({}),
}: BotEnvironmentOptions = {}): Promise<BotEnvironment> {
  const folder = await mkdtemp(join(tmpdir(), "mover-environment-"));
  const pair = delegatingTo(
    authorizationServers,
    await startHomeserverPair({
      folder: join(folder, "pair"),
      limits,
      ...(names && { names }),
      extraConfig: {
        old: { ...extraConfig.old, ...authorizationServers.old?.homeserverConfig },
        new: { ...extraConfig.new, ...authorizationServers.new?.homeserverConfig },
      },
    }),
  );
  const { userId: botUserId, accessToken: botAccessToken } = await pair.new.registerUser({
    localpart: "mover",
    password: botPassword,
    displayName: "Mover",
  });
  const bot = await createBot({
    folder: join(folder, "bot"),
    homeserver: pair.new.baseUrl,
    userId: botUserId,
    ...(authorizationServers.new === undefined ? { password: botPassword } : { accessToken: botAccessToken }),
    servers: { [pair.old.serverName]: pair.old.baseUrl, [pair.new.serverName]: pair.new.baseUrl },
    allow: ["@*:*"],
    ...(await botOptions(pair)),
  });
  const people: Person[] = [];
  return {
    folder,
    pair,
    authorizationServers,
    bot,
    botUserId,
    botAccessToken,
    register: async (side, localpart) => {
      const server = pair[side];
      const password = `${localpart}'s "secret" of ${side}`;
      const { userId, accessToken, deviceId } = await server.registerUser({ localpart, password });
      return { userId, password, accessToken, deviceId, server };
    },
    client: async ({ server, userId, password, accessToken, deviceId }, options = {}) => {
      const hasPassword =
        (server === pair.old ? authorizationServers.old : authorizationServers.new) === undefined;
      const credentials = hasPassword ? { password } : { accessToken, deviceId };
      const person = await startPerson({ baseUrl: server.baseUrl, userId, ...credentials, ...options });
      people.push(person);
      return person;
    },
    directChat: async (person, { encrypted = true } = {}) => {
      const roomId = await person.createDirectChat(botUserId, { encrypted });
      await person.waitForMembership(roomId, botUserId, "join");
      return roomId;
    },
    answer: (person, roomId, text) => askBot(person, roomId, text, { botUserId }),
    close: async () => {
      await bot.kill();
      await Promise.all(people.map((person) => person.stop()));
      await pair.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** The bot's whole answer to an event. */
export function answerTo(
  person: Person,
  roomId: string,
  eventId: string,
  botUserId: string,
): Promise<SeenMessage> {
  return answerBehind(person, roomId, eventId, { botUserId });
}
