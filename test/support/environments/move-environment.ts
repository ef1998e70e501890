import { isWholeAnswer } from "../../lab/bot-answer.ts";
import type { Person, SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";
import type { PopulateOptions, Population } from "../../lab/population/population.ts";
import { populate } from "../../lab/population/population.ts";
import type { Report } from "../../../src/platforms/matrix/report/report.ts";
import { reportSchema } from "../../../src/platforms/matrix/report/report.ts";
import { signInByLink } from "../chat/link-sign-in.ts";
import type { World, WorldOptions } from "./bot-environment.ts";
import { createWorld } from "./bot-environment.ts";

const ANSWER_MS = 60_000;
const END_MS = 120_000;
/** Also the answer to `!migrate status`. */
const PROGRESS = /^The [a-z ]+ @\S+ → @\S+ (is|was|waits) /u;

/**
 * A world with a person who moves, and a third account that types: whatever the two accounts'
 * servers log of them is the bot's doing.
 */
export interface MoveWorld extends World {
  readonly population: Population;
  readonly typist: Person;
  readonly chatId: string;
  /**
   * Says something and resolves with the bot's answer, or with the first message behind it that
   * matches.
   */
  ask(text: string, isAnswer?: RegExp): Promise<string>;
  askForMessage(text: string, isAnswer?: RegExp): Promise<SeenMessage>;
  /** Says something that is answered with a report file. */
  askForReport(text: string, fileName: string): Promise<Report>;
  /** What the bot says without being asked. */
  waitFor(pattern: RegExp, options?: { after?: string; timeoutMs?: number }): Promise<SeenMessage>;
  reportFile(fileName: string, after?: string): Promise<Report>;
  /** By link where the server delegates signing in. */
  signIn(side: "old" | "new"): Promise<string>;
}

export interface MoveWorldOptions extends WorldOptions {
  seed: number;
  rooms: NonNullable<PopulateOptions["rooms"]>;
}

/** Brings up a world with a population; the bot runs, and both accounts are signed in with it. */
export async function createMoveWorld({ seed, rooms, ...options }: MoveWorldOptions): Promise<MoveWorld> {
  const world = await createWorld(options);
  const population = await populate({ pair: world.pair, seed, rooms });
  const account = await world.register("new", "typist");
  const [typist] = await Promise.all([world.client(account, { encryption: false }), world.bot.start()]);
  const chatId = await world.directChat(typist, { encrypted: false });
  const from = world.botUserId;

  async function askForMessage(text: string, isAnswer?: RegExp): Promise<SeenMessage> {
    const after = await typist.say(chatId, text);
    const fits = (message: SeenMessage): boolean => {
      const said = textOf(message);
      if (!isWholeAnswer(message)) return false;
      return isAnswer === undefined ? !PROGRESS.test(said) : isAnswer.test(said);
    };
    return typist.waitForMessage(chatId, fits, { from, after, timeoutMs: ANSWER_MS });
  }

  async function reportFile(fileName: string, after?: string): Promise<Report> {
    const isFile = (message: SeenMessage): boolean => message.content["filename"] === fileName;
    const file = await typist.waitForMessage(chatId, isFile, {
      from,
      timeoutMs: ANSWER_MS,
      ...(after !== undefined && { after }),
    });
    return reportSchema.parse(JSON.parse((await typist.downloadFile(file)).toString()));
  }

  const move: MoveWorld = {
    ...world,
    population,
    typist,
    chatId,
    ask: async (text, isAnswer) => textOf(await askForMessage(text, isAnswer)),
    askForMessage,
    askForReport: async (text, fileName) => reportFile(fileName, await typist.say(chatId, text)),
    waitFor: (pattern, { after, timeoutMs = END_MS } = {}) =>
      typist.waitForMessage(chatId, (message) => pattern.test(textOf(message)), {
        from,
        timeoutMs,
        ...(after !== undefined && { after }),
      }),
    reportFile,
    signIn: (side) => {
      const { userId, password } = side === "old" ? population.source : population.target;
      const authorizationServer = world.authorizationServers[side];
      if (authorizationServer !== undefined)
        return signInByLink(
          { person: typist, roomId: chatId, botUserId: from },
          { side, userId },
          authorizationServer,
        );
      return move.ask(`!login ${side} ${userId} --password ${password}`, /is signed in\b/u);
    },
  };
  await move.signIn("old");
  await move.signIn("new");
  return move;
}
