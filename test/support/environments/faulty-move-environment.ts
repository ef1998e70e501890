import { AccountOnServer } from "../servers/account-on-server.ts";
import type { FaultProxy } from "../faults/fault-proxy.ts";
import { startFaultProxy } from "../faults/fault-proxy.ts";
import type { MoveWorld, MoveWorldOptions } from "./move-environment.ts";
import { createMoveWorld } from "./move-environment.ts";

/**
 * A move whose requests to the servers of the two accounts can be disturbed, and a look at both
 * accounts past the bot.
 */
export interface ProxiedMoveWorld extends MoveWorld {
  /** Between the bot and the servers of the two accounts; its own account has a way of its own. */
  readonly oldServer: FaultProxy;
  readonly newServer: FaultProxy;
  readonly source: AccountOnServer;
  readonly target: AccountOnServer;
}

/** Brings up such a world; the bot runs, and both accounts are signed in with it. */
export async function createProxiedMoveWorld(
  options: Omit<MoveWorldOptions, "bot">,
): Promise<ProxiedMoveWorld> {
  const proxies = Promise.withResolvers<{ oldServer: FaultProxy; newServer: FaultProxy }>();
  const move = await createMoveWorld({
    ...options,
    bot: async (pair) => {
      const oldServer = await startFaultProxy({ target: pair.old.baseUrl, seed: 3 });
      const newServer = await startFaultProxy({ target: pair.new.baseUrl, seed: 4 });
      proxies.resolve({ oldServer, newServer });
      return { servers: { [pair.old.serverName]: oldServer.url, [pair.new.serverName]: newServer.url } };
    },
  });
  const { oldServer, newServer } = await proxies.promise;
  return {
    ...move,
    oldServer,
    newServer,
    source: new AccountOnServer(move.pair, move.population.source),
    target: new AccountOnServer(move.pair, move.population.target),
    close: async () => {
      await move.close();
      await Promise.all([oldServer.stop(), newServer.stop()]);
    },
  };
}
