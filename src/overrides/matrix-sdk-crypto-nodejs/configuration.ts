import type { CryptoMachine } from "./crypto-machine.ts";
import type { SendRequest } from "./own-requests.ts";

/**
 * Receives the log of the crypto library: texts of several lines that contain a level of their own.
 * User, room and device IDs can occur in them.
 */
export interface CryptoLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface StoreConfiguration {
  /** The key that encrypts the store, 32 bytes. */
  readonly key: Uint8Array;
  /**
   * Called with every machine as soon as it is open. matrix-bot-sdk keeps its machine private, so
   * there is no other access to it.
   */
  readonly onOpen?: (machine: CryptoMachine) => void;
  /**
   * Sends a request that matrix-bot-sdk cannot send (it throws, in the middle of a sync), and
   * resolves to the server's answer. After a rejection the request is sent again later. Only this
   * function can report the failure. Without it, the requests wait for ever.
   */
  readonly sendRequest?: SendRequest;
  /** Without a log the library logs nothing (seen with wasm 18.9). */
  readonly log?: CryptoLog;
}

const KEY_BYTES = 32;

let configuration: StoreConfiguration | undefined;

/**
 * Sets the key of the crypto store and the other options. Must be called before matrix-bot-sdk
 * opens the store.
 */
export function configureStore(given: StoreConfiguration): void {
  const { length } = given.key;
  if (length !== KEY_BYTES)
    throw new Error(`The key of the crypto store must have ${KEY_BYTES} bytes, not ${length}.`);
  configuration = given;
}

/** The configuration. Throws if there is none. */
export function storeConfiguration(): StoreConfiguration {
  if (!configuration)
    throw new Error("configureStore() must be called before the crypto store is opened: it has no key yet.");
  return configuration;
}
