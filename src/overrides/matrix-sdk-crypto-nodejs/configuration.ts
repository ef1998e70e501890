import type { CryptoMachine } from "./crypto-machine.ts";
import type { SendRequest } from "./own-requests.ts";

/**
 * Takes what the crypto library logs, as text of several lines with a level of its own. User, room
 * and device IDs can appear in it.
 */
export interface CryptoLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface StoreConfiguration {
  /** The key that everything in the store is encrypted with, 32 bytes. */
  readonly key: Uint8Array;
  /**
   * Called with every machine as soon as it is open: the only way to what matrix-bot-sdk keeps to
   * itself.
   */
  readonly onOpen?: (machine: CryptoMachine) => void;
  /**
   * Sends a request that matrix-bot-sdk cannot send (it throws at them, in the middle of a sync)
   * and resolves to the server's answer. A rejection leaves the request for the next time; report
   * it there, nobody else does. Without this function such requests wait for ever.
   */
  readonly sendRequest?: SendRequest;
  /** Without it, the library logs nothing (seen with wasm 18.9). */
  readonly log?: CryptoLog;
}

const KEY_BYTES = 32;

let configuration: StoreConfiguration | undefined;

/**
 * Tells the crypto store its key, and whom to tell of an opened machine. To be called before
 * matrix-bot-sdk opens the store.
 */
export function configureStore(given: StoreConfiguration): void {
  const { length } = given.key;
  if (length !== KEY_BYTES)
    throw new Error(`The key of the crypto store must have ${KEY_BYTES} bytes, not ${length}.`);
  configuration = given;
}

/** What was configured. Throws when nothing was. */
export function storeConfiguration(): StoreConfiguration {
  if (!configuration)
    throw new Error("configureStore() must be called before the crypto store is opened: it has no key yet.");
  return configuration;
}
