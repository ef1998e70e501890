import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { startHomeserverPair } from "../homeservers/pair.ts";
import type { HomeserverPair } from "../homeservers/pair.ts";
import { populate } from "../population/population.ts";
import { accountSchema } from "./case.ts";

const SEED = 1;
const ACCOUNTS = "accounts.json";

const accountsSchema = z.object({ source: accountSchema, target: accountSchema });

export interface PopulatedPair extends z.infer<typeof accountsSchema> {
  readonly pair: HomeserverPair;
}

/**
 * Two homeservers with an account of so many rooms. A folder that holds such a pair already is used again: reading changes nothing in it.
 * @param folder of this pair alone
 */
export async function populatedPair(folder: string, count: number, log: (line: string) => void): Promise<PopulatedPair> {
  await mkdir(folder, { recursive: true });
  const kept = await readFile(join(folder, ACCOUNTS), "utf8").catch(() => null);
  // What a run that was cut short has left.
  if (kept === null) await rm(join(folder, "pair"), { recursive: true, force: true });
  const names = { old: "old.localhost", new: "new.localhost" };
  const pair = await startHomeserverPair({ folder: join(folder, "pair"), limits: "unlimited", names, log });
  try {
    if (kept !== null) return { pair, ...accountsSchema.parse(JSON.parse(kept)) };
    const startedAt = performance.now();
    const accounts = accountsSchema.parse(await populate({ pair, seed: SEED, rooms: { count } }));
    log(`${count} rooms were made in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    await writeFile(join(folder, ACCOUNTS), JSON.stringify(accounts), { mode: 0o600 });
    return { pair, ...accounts };
  } catch (error) {
    await pair.stop();
    throw error;
  }
}
