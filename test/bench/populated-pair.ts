import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ROUTES } from "../../src/model/routes.ts";
import type { HomeserverPair, RateLimits } from "../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../lab/homeservers/pair.ts";
import { populate } from "../lab/population/population.ts";
import { accountSchema } from "./reading-case.ts";
import { writeStaleNames } from "./stale-names.ts";

const PEOPLE = "people.json";
const PAIR = "pair";
const COPY = "copy";
const NAMES = { old: "old.localhost", new: "new.localhost" };

const moverSchema = z.object({
  source: accountSchema,
  target: accountSchema,
  /** Their rooms, and the routes that are right for them. */
  rooms: z.array(
    z.object({ roomId: z.string(), kind: z.string(), expected: z.object({ route: z.enum(ROUTES) }) }),
  ),
});
/** A person with two accounts. */
export type Mover = z.infer<typeof moverSchema>;

/** A stopped pair with all its people. */
export interface PopulatedPair {
  readonly folder: string;
  readonly movers: readonly Mover[];
}

/** How many people move, each with how many rooms; or one person with a room of every kind. */
export interface Inhabited {
  readonly movers: number;
  readonly rooms: number | "one of each";
}

type Log = (line: string) => void;

/**
 * Makes two homeservers with people who want to move, unless the folder holds them already.
 * @param folder of this pair alone
 */
export async function populatedPair(
  folder: string,
  { movers: count, rooms }: Inhabited,
  log: Log,
): Promise<PopulatedPair> {
  await mkdir(folder, { recursive: true });
  const kept = await readFile(join(folder, PEOPLE), "utf8").catch(() => null);
  if (kept !== null) return { folder, movers: z.array(moverSchema).parse(JSON.parse(kept)) };
  // Leftovers of a run that was interrupted.
  await rm(join(folder, PAIR), { recursive: true, force: true });
  const pair = await startHomeserverPair({
    folder: join(folder, PAIR),
    limits: "unlimited",
    names: NAMES,
    log,
  });
  try {
    const startedAt = performance.now();
    const movers: Mover[] = [];
    for (let seed = 1; seed <= count; seed += 1) {
      const population = await populate({
        pair,
        seed,
        rooms: typeof rooms === "number" ? { count: rooms } : rooms,
      });
      await writeStaleNames(pair.old, population);
      movers.push(moverSchema.parse(population));
    }
    log(`${count} × ${rooms} rooms were made in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    await writeFile(join(folder, PEOPLE), JSON.stringify(movers), { mode: 0o600 });
    return { folder, movers };
  } finally {
    await pair.stop();
  }
}

/** Runs work with a copy of the pair, which is deleted afterwards. */
export async function withCopy<Result>(
  { folder }: PopulatedPair,
  { limits, log }: { limits: RateLimits; log: Log },
  work: (pair: HomeserverPair) => Promise<Result>,
): Promise<Result> {
  const copy = join(folder, COPY);
  await rm(copy, { recursive: true, force: true });
  await cp(join(folder, PAIR), copy, { recursive: true });
  const pair = await startHomeserverPair({ folder: copy, limits, names: NAMES, log });
  try {
    return await work(pair);
  } finally {
    await pair.stop();
    await rm(copy, { recursive: true, force: true });
  }
}
