import { randomBytes } from "node:crypto";
import { MatrixClient, MatrixError } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import type { BotAccount } from "../config/configuration.ts";
import { StartProblem } from "../operations/start-problem.ts";
import type { BotState } from "../store/bot-state.ts";
import { isAnswer } from "./server-refusal.ts";
import { untilAnswered } from "./until-answered.ts";

/** The bot's own device and its token. */
export interface BotSession {
  deviceId: string;
  accessToken: string;
}

const SESSION_SECRET = "bot session";
const DEVICE_KEY = "bot.nextDevice";

/** The error codes for a token whose session has ended. */
const ENDED: readonly string[] = ["M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"];

const sessionSchema = z.object({ deviceId: z.string(), accessToken: z.string() });
const whoamiSchema = z.looseObject({ user_id: z.string(), device_id: z.string().optional() });
const loginSchema = z.looseObject({ access_token: z.string(), device_id: z.string() });

export interface SessionOptions {
  baseUrl: string;
  account: BotAccount;
  state: BotState;
  log: Logger;
}

/**
 * The session of the last start, or the configured token, or a new device from the password. Waits
 * for a server that does not answer.
 * @throws StartProblem if the bot cannot sign in
 */
export async function openBotSession(options: SessionOptions): Promise<BotSession> {
  const { account, state } = options;
  if (account.accessToken !== null) return sessionOfToken(account.accessToken, options);
  const stored = await state.getSecret(SESSION_SECRET);
  if (stored !== null) {
    const session = sessionSchema.parse(JSON.parse(stored));
    if (await isAlive(session, options)) return session;
    options.log.warn("the bot's stored session has ended");
    await forgetBotSession(state);
  }
  return logIn(options);
}

/**
 * Replaces a session whose device has lost its encryption keys. The old device is logged out first:
 * otherwise people's apps would still encrypt for a device that cannot decrypt. This start is the
 * last one that knows its token, so it waits for a server that does not answer.
 * @throws StartProblem if there is no password for a new device
 */
export async function replaceBotSession(lost: BotSession, options: SessionOptions): Promise<BotSession> {
  const { account, baseUrl, state, log } = options;
  if (account.accessToken !== null || account.password === null)
    throw new StartProblem(
      "The encryption keys of the bot's device are lost, and the bot cannot create a new device without its password. Put the password, or a token of a new login, into the configuration.",
    );
  log.warn(
    { deviceId: lost.deviceId },
    "the encryption keys of the bot's device are lost: it needs a new device",
  );
  const { host } = new URL(baseUrl);
  const logOut = (): Promise<unknown> =>
    new MatrixClient(baseUrl, lost.accessToken).doRequest("POST", "/_matrix/client/v3/logout", null, {});
  await untilAnswered(logOut, { host, isFinal: isAnswer, log }).catch((error: unknown) =>
    log.warn({ err: error }, "the bot's lost device could not be logged out"),
  );
  await forgetBotSession(state);
  return logIn(options);
}

/** Forgets the session, so that this start or the next one logs in again with a new device. */
async function forgetBotSession(state: BotState): Promise<void> {
  await state.setSecret(SESSION_SECRET, null);
}

async function sessionOfToken(accessToken: string, options: SessionOptions): Promise<BotSession> {
  const owner = await withRetries(options, () => whoami(options.baseUrl, accessToken));
  if (owner === null)
    throw new StartProblem(
      "The bot's access token is not valid. Put a new one, or the password, into the configuration.",
    );
  assertOwner(owner, options.account);
  if (owner.deviceId === null)
    throw new StartProblem(
      "The bot's access token belongs to no device, so it cannot take part in encrypted chats. Use a token from a login, or the password.",
    );
  return { deviceId: owner.deviceId, accessToken };
}

async function isAlive(session: BotSession, options: SessionOptions): Promise<boolean> {
  const owner = await withRetries(options, () => whoami(options.baseUrl, session.accessToken));
  if (owner) assertOwner(owner, options.account);
  return owner !== null;
}

async function logIn(options: SessionOptions): Promise<BotSession> {
  const { account, baseUrl, state, log } = options;
  const { password, userId } = account;
  if (password === null)
    throw new StartProblem(
      "The bot has no session. Put its password or an access token into the configuration (bot.passwordFile, BOT_PASSWORD, …).",
    );
  // The device ID is chosen and stored before the request. If this process dies before it stores
  // the answer, the next one gets the same device.
  const deviceId = (await state.get(DEVICE_KEY)) ?? `MOVER${randomBytes(5).toString("hex").toUpperCase()}`;
  await state.set(DEVICE_KEY, deviceId);
  const body = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: userId },
    password,
    device_id: deviceId,
    initial_device_display_name: "Matrix Mover (bot)",
  };
  const answer = await withRetries(options, async () => {
    try {
      return loginSchema.parse(
        await new MatrixClient(baseUrl, "").doRequest("POST", "/_matrix/client/v3/login", null, body),
      );
    } catch (error) {
      if (error instanceof MatrixError && error.statusCode === 403)
        throw new StartProblem(
          `The homeserver refuses the bot's password (${error.errcode}). Check bot.userId and the password.`,
        );
      if (error instanceof MatrixError && error.statusCode === 400)
        throw new StartProblem(
          `The homeserver offers no login by password (${error.errcode}). Put an access token into the configuration.`,
        );
      throw error;
    }
  });
  const session = { deviceId: answer.device_id, accessToken: answer.access_token };
  await state.setSecret(SESSION_SECRET, JSON.stringify(session));
  await state.set(DEVICE_KEY, null);
  log.info({ deviceId: session.deviceId }, "logged in, with a new device");
  return session;
}

/**
 * Null if the server does not know the token. An account that is locked keeps its session and its
 * device (CS API §Account locking), so the bot waits until it is unlocked.
 */
async function whoami(
  baseUrl: string,
  accessToken: string,
): Promise<{ userId: string; deviceId: string | null } | null> {
  try {
    const answer = whoamiSchema.parse(
      await new MatrixClient(baseUrl, accessToken).doRequest("GET", "/_matrix/client/v3/account/whoami"),
    );
    return { userId: answer.user_id, deviceId: answer.device_id ?? null };
  } catch (error) {
    if (error instanceof MatrixError && ENDED.includes(error.errcode)) return null;
    throw error;
  }
}

function assertOwner({ userId }: { userId: string }, account: BotAccount): void {
  if (userId !== account.userId)
    throw new StartProblem(`The bot's session belongs to ${userId}, but bot.userId says ${account.userId}.`);
}

/** Repeats a request while the server is away or asks to wait. A StartProblem ends it. */
function withRetries<Result>(
  { baseUrl, log }: SessionOptions,
  request: () => Promise<Result>,
): Promise<Result> {
  const { host } = new URL(baseUrl);
  return untilAnswered(request, { host, isFinal: (error) => error instanceof StartProblem, log });
}
