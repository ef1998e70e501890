import type { GuardedFetch } from "../../../src/network/guarded-fetch.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { openPopulationSession, register } from "../../lab/population/session.ts";

export interface ThreePeople {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  /** On the source's server. */
  readonly admin: PopulationSession;
}

/** Registers people for one group of tests. */
export async function threePeople(
  pair: HomeserverPair,
  fetch: GuardedFetch,
  tag: string,
): Promise<ThreePeople> {
  const open = async (side: "old" | "new", name: string): Promise<PopulationSession> => {
    const person = await register(pair[side], side, { localpart: `${tag}-${name}`, displayName: name });
    return openPopulationSession(pair[side], person, fetch);
  };
  const [source, target, admin] = await Promise.all([
    open("old", "source"),
    open("new", "target"),
    open("old", "admin"),
  ]);
  return { source, target, admin };
}
