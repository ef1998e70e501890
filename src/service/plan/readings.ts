import { Slots } from "../../model/slots.ts";
import type { ReadProgress } from "../../platforms/reading.ts";

/** Each reading holds two whole accounts in memory. */
const MAX_READINGS = 8;
/** The number of readings at one server, so that others go on while that server hangs. */
const MAX_READINGS_PER_SERVER = 4;

/**
 * Limits the readings of accounts in this process: one at a time for each person, and a few in all.
 */
export class Readings {
  readonly #slots = new Slots(MAX_READINGS);

  /**
   * Does a reading when the limits allow it.
   * @param servers that are asked
   * @param signal begins the reading at once when it aborts, so that the reading can end
   */
  run<Result>(
    owner: string,
    servers: readonly string[],
    read: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const person = { key: `person ${owner}`, max: 1 };
    const resources = servers.map((server) => ({ key: `server ${server}`, max: MAX_READINGS_PER_SERVER }));
    return this.#slots.run([person, ...resources], read, signal);
  }
}

type Listener = (progress: ReadProgress) => void;

interface UnderWay<Result> {
  readonly result: Promise<Result>;
  readonly listeners: Set<Listener>;
}

/** Work that is shared by all callers that ask for it while it is under way. */
export class JoinedWork<Result> {
  readonly #underWay = new Map<string, UnderWay<Result>>();

  /**
   * Begins the work, or joins the work of the same key.
   * @param onProgress is called from now on
   */
  run(key: string, onProgress: Listener, work: (onProgress: Listener) => Promise<Result>): Promise<Result> {
    const known = this.#underWay.get(key);
    if (known !== undefined) {
      known.listeners.add(onProgress);
      return known.result;
    }
    const listeners = new Set([onProgress]);
    const result = work((progress) => {
      for (const listener of listeners) listener(progress);
    }).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, { result, listeners });
    return result;
  }
}
