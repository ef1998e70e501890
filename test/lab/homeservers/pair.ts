/*
 * Two real homeservers on loopback, for tests, demo and benchmark alike.
 *
 * A pair's folder holds everything about it, with relative paths only. Copy it while the pair is
 * stopped (`fs.cp(from, to, { recursive: true })`), to populate once and restore often. The copy
 * has the same server names and so the same federation ports. It therefore runs instead of the
 * original, not beside it.
 */
import { join, resolve } from "node:path";
import { PortTakenError, homeserver } from "./homeserver.ts";
import { SIDES, type Homeserver, type HomeserverPair, type PairOptions, type PairSide } from "./model.ts";
import { configurePair, finishPair, keptPair, newPair } from "./pair-folder.ts";
import { cacheFolder } from "./sources/cache-folder.ts";
import { findSynapse } from "./sources/choose.ts";
import type { SynapseRuntime } from "./sources/source.ts";

export type { AccessLogLine } from "./access-log.ts";
export type {
  BySide,
  Homeserver,
  HomeserverPair,
  NewUser,
  PairOptions,
  RateLimits,
  RegisteredUser,
  PairSide as Side,
} from "./model.ts";

const ATTEMPTS = 8;

/**
 * Installs Synapse if needed, starts two servers and waits until both answer. They end with the
 * pair's `stop()`, and with the calling process however that ends.
 *
 * @throws Error that says what to install when there is no Synapse, or what a server printed when
 * it does not start
 */
export async function startHomeserverPair(options: PairOptions): Promise<HomeserverPair> {
  const log = options.log ?? (() => {});
  const runtime = await findSynapse({ cacheFolder: cacheFolder(), env: process.env, log });
  const folder = resolve(options.folder);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(runtime, { ...options, folder, log });
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === ATTEMPTS) throw error;
      log("another process took a port, so others are tried");
    }
  }
}

async function startOnce(
  runtime: SynapseRuntime,
  options: PairOptions & { log: (line: string) => void },
): Promise<HomeserverPair> {
  const { folder, log } = options;
  const startedAt = performance.now();
  const identity = (await keptPair(folder)) ?? (await newPair(runtime, options));
  await configurePair(options, identity);
  const server = (side: PairSide): Homeserver =>
    homeserver({
      runtime,
      folder: join(folder, side),
      identity: identity[side],
      clientPort: identity[side].clientPort,
    });
  const pair = { old: server("old"), new: server("new") };
  const stop = async (): Promise<void> => {
    await Promise.all(SIDES.map((side) => pair[side].stop()));
  };
  const starts = await Promise.allSettled(SIDES.map((side) => pair[side].start()));
  for (const start of starts) {
    if (start.status === "fulfilled") continue;
    await stop();
    throw start.reason;
  }
  await finishPair(folder, identity);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  log(
    `${pair.old.serverName} and ${pair.new.serverName} answer after ${seconds} s (Synapse ${runtime.version}, ${runtime.source})`,
  );
  return { ...pair, synapse: { source: runtime.source, version: runtime.version }, stop };
}
