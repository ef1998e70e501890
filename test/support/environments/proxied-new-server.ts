import type { FaultProxy } from "../faults/fault-proxy.ts";
import { startFaultProxy } from "../faults/fault-proxy.ts";
import type { BotEnvironment } from "./bot-environment.ts";
import { createBotEnvironment } from "./bot-environment.ts";

/** A bot that reaches the new server through a proxy, and the old one directly. */
export interface ProxiedNewServer {
  environment: BotEnvironment;
  newServer: FaultProxy;
}

export async function createProxiedNewServer(): Promise<ProxiedNewServer> {
  const proxy = Promise.withResolvers<FaultProxy>();
  const environment = await createBotEnvironment({
    bot: async (pair) => {
      const newServer = await startFaultProxy({ target: pair.new.baseUrl });
      proxy.resolve(newServer);
      return { servers: { [pair.old.serverName]: pair.old.baseUrl, [pair.new.serverName]: newServer.url } };
    },
  });
  return { environment, newServer: await proxy.promise };
}
