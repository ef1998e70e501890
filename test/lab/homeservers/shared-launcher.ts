/*
 * The global setup of test runs with homeservers: all their files start servers by one launcher.
 */
import { LAUNCHER_VARIABLE, startLauncher } from "./launcher.ts";
import { cacheFolder } from "./sources/cache-folder.ts";
import { findSynapse } from "./sources/choose.ts";
import { VERSION_VARIABLE } from "./sources/source.ts";

/** @returns what ends the launcher after the run */
export async function setup(): Promise<() => Promise<void>> {
  const runtime = await findSynapse({ cacheFolder: cacheFolder(), env: process.env, log: console.log });
  const launcher = await startLauncher(runtime);
  process.env[LAUNCHER_VARIABLE] = launcher.socket;
  process.env[VERSION_VARIABLE] = runtime.version;
  return () => launcher.end();
}
