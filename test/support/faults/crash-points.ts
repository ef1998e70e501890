import type { AuthorizationServer, OauthFault } from "../../lab/authorization-server/authorization-server.ts";
import type { BotProcess } from "../../lab/bot-process.ts";
import type { Fault, FaultProxy, ProxiedRequest } from "./fault-proxy.ts";

/**
 * When the bot is killed: `afterMs` after the `nth` request of a kind, counted from 0.
 */
export interface CrashPoint {
  readonly isOfKind: (request: ProxiedRequest) => boolean;
  readonly nth: number;
  readonly afterMs: number;
  /** The fault that this request gets. */
  readonly fault?: Fault;
}

/**
 * Starts the bot and kills it (SIGKILL) at that point. Only requests through these proxies count.
 */
export async function runUntilKilled(
  bot: BotProcess,
  proxies: readonly FaultProxy[],
  { isOfKind, nth, afterMs, fault }: CrashPoint,
): Promise<void> {
  let count = 0;
  const reached = Promise.withResolvers<undefined>();
  for (const proxy of proxies)
    proxy.setRule((request) => {
      if (!isOfKind(request) || count++ !== nth) return undefined;
      setTimeout(() => reached.resolve(undefined), afterMs);
      return fault;
    });
  const started = bot.start().catch((error: unknown) => error);
  await reached.promise;
  await bot.kill();
  await started;
  for (const proxy of proxies) proxy.setRule();
}

/**
 * Kills the bot (SIGKILL) at the next renewal of a session.
 * @param fault what happens to the renewal. Without a fault its answer and the kill race, so the
 * kill comes before, while or after the token pair is stored
 */
export async function killInRenewal(
  bot: BotProcess,
  authorizationServer: AuthorizationServer,
  fault: OauthFault | undefined,
): Promise<void> {
  const killed = Promise.withResolvers<undefined>();
  authorizationServer.setRule(async ({ form }) => {
    if (form["refresh_token"] === undefined) return undefined;
    authorizationServer.setRule();
    const ended = bot.kill().then(() => killed.resolve(undefined));
    if (fault !== undefined) await ended;
    return fault;
  });
  await killed.promise;
}
