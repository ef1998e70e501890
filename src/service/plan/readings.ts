import type { ReadProgress } from "../../platforms/reading.ts";
import { Slots } from "../slots.ts";

/** Each reading holds two whole accounts in memory. */
const MAX_READINGS = 8;
/** Of these, at one server. Others are read while it hangs. */
const MAX_READINGS_PER_SERVER = 4;

/** The readings of accounts of this process: one at a time for a person, and a few in all. */
export class Readings {
  readonly #slots = new Slots(MAX_READINGS);

  /**
   * Does a reading in its turn.
   * @param servers that are asked
   * @param signal begins the reading at once when it aborts, so that the reading can end
   */
  run<Result>(
    owner: string,
    servers: readonly string[],
    read: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const person = { key: `person ${owner}`, most: 1 };
    const places = servers.map((server) => ({ key: `server ${server}`, most: MAX_READINGS_PER_SERVER }));
    return this.#slots.run([person, ...places], read, signal);
  }
}

type Listener = (progress: ReadProgress) => void;

interface UnderWay<Result> {
  readonly result: Promise<Result>;
  readonly listeners: Set<Listener>;
}

/** Work that is done once for everybody who asks for it while it is under way. */
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
