import type { FaultProxy } from "../faults/fault-proxy.ts";
import { startFaultProxy } from "../faults/fault-proxy.ts";
import { AccountOnServer } from "../servers/account-on-server.ts";
import type { MoveEnvironment, MoveEnvironmentOptions } from "./move-environment.ts";
import { createMoveEnvironment } from "./move-environment.ts";

/**
 * A move whose requests to the servers of the two accounts can fail, and both accounts as their
 * servers show them.
 */
export interface FaultyMoveEnvironment extends MoveEnvironment {
  /** Between the bot and the servers of the two accounts. The bot's own account uses no proxy. */
  readonly oldServer: FaultProxy;
  readonly newServer: FaultProxy;
  readonly source: AccountOnServer;
  readonly target: AccountOnServer;
}

/** Brings up the environment: the bot runs, and both accounts are signed in with it. */
export async function createFaultyMoveEnvironment({
  configuration = {},
  ...options
}: Omit<MoveEnvironmentOptions, "bot"> & {
  /** Merged over the bot's configuration. */
  configuration?: Readonly<Record<string, unknown>>;
}): Promise<FaultyMoveEnvironment> {
  const proxies = Promise.withResolvers<{ oldServer: FaultProxy; newServer: FaultProxy }>();
  const move = await createMoveEnvironment({
    ...options,
    bot: async (pair) => {
      const oldServer = await startFaultProxy({ target: pair.old.baseUrl, seed: 3 });
      const newServer = await startFaultProxy({ target: pair.new.baseUrl, seed: 4 });
      proxies.resolve({ oldServer, newServer });
      const servers = { [pair.old.serverName]: oldServer.url, [pair.new.serverName]: newServer.url };
      return { servers, configuration };
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
