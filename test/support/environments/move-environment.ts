import type { ExportedReport } from "../../../src/view/rooms/exported-report.ts";
import { exportedReportSchema } from "../../../src/view/rooms/exported-report.ts";
import { isWholeAnswer } from "../../lab/bot-answer.ts";
import type { Person, SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";
import type { PopulateOptions, Population } from "../../lab/population/population.ts";
import { populate } from "../../lab/population/population.ts";
import { signInByLink } from "../chat/link-sign-in.ts";
import type { BotEnvironment, BotEnvironmentOptions } from "./bot-environment.ts";
import { createBotEnvironment } from "./bot-environment.ts";

/** A busy machine may need minutes. */
const ANSWER_MS = 3 * 60_000;
const END_MS = 7 * 60_000;
/** Also the answer to `!migrate status`. */
const PROGRESS = /^[A-Z][a-z ]+ @\S+ → @\S+ (is|was|waits) /u;

/**
 * An environment with a person who moves. A third account types the commands, so that every request
 * that the servers log for the two moving accounts is the bot's.
 */
export interface MoveEnvironment extends BotEnvironment {
  readonly population: Population;
  readonly typist: Person;
  readonly chatId: string;
  /**
   * Says something and resolves with the bot's answer, or with the first later message that
   * matches.
   */
  ask(text: string, isAnswer?: RegExp): Promise<string>;
  askForMessage(text: string, isAnswer?: RegExp): Promise<SeenMessage>;
  /** Sends a command that is answered with a report file. */
  askForReport(text: string, fileName: string): Promise<ExportedReport>;
  /** A message that the bot sends unasked. */
  waitFor(pattern: RegExp, options?: { after?: string; timeoutMs?: number }): Promise<SeenMessage>;
  reportFile(fileName: string, after?: string): Promise<ExportedReport>;
  /** By link where the server delegates signing in. */
  signIn(side: "old" | "new"): Promise<string>;
}

export interface MoveEnvironmentOptions extends BotEnvironmentOptions {
  seed: number;
  rooms: NonNullable<PopulateOptions["rooms"]>;
}

/** Brings up an environment with a population. The bot runs, and both accounts are signed in. */
export async function createMoveEnvironment({
  seed,
  rooms,
  ...options
}: MoveEnvironmentOptions): Promise<MoveEnvironment> {
  const environment = await createBotEnvironment(options);
  const population = await populate({ pair: environment.pair, seed, rooms });
  const account = await environment.register("new", "typist");
  const [typist] = await Promise.all([
    environment.client(account, { encryption: false }),
    environment.bot.start(),
  ]);
  const chatId = await environment.directChat(typist, { encrypted: false });
  const from = environment.botUserId;

  async function askForMessage(text: string, isAnswer?: RegExp): Promise<SeenMessage> {
    const after = await typist.say(chatId, text);
    const fits = (message: SeenMessage): boolean => {
      const said = textOf(message);
      if (!isWholeAnswer(message)) return false;
      return isAnswer === undefined ? !PROGRESS.test(said) : isAnswer.test(said);
    };
    return typist.waitForMessage(chatId, fits, { from, after, timeoutMs: ANSWER_MS });
  }

  async function reportFile(fileName: string, after?: string): Promise<ExportedReport> {
    const isFile = (message: SeenMessage): boolean => message.content["filename"] === fileName;
    const file = await typist.waitForMessage(chatId, isFile, {
      from,
      timeoutMs: ANSWER_MS,
      ...(after !== undefined && { after }),
    });
    return exportedReportSchema.parse(JSON.parse((await typist.downloadFile(file)).toString()));
  }

  const move: MoveEnvironment = {
    ...environment,
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
      const authorizationServer = environment.authorizationServers[side];
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
