import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { type StoreConfiguration, storeConfiguration } from "./configuration.ts";
import type { OpenedMachine } from "./crypto-machine.ts";
import { CryptoMachine } from "./crypto-machine.ts";
import type { DeviceId, UserId } from "./identifiers.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { openStore } from "./store.ts";

/** The native package's kinds of store. This package has one, whichever is requested. */
export const StoreType = { Sqlite: 0 } as const;
export type StoreType = (typeof StoreType)[keyof typeof StoreType];

/** The machine as matrix-bot-sdk opens it. */
export class OlmMachine extends CryptoMachine {
  /**
   * Opens the store in the folder `storePath`, or creates it, with the key given to
   * `configureStore`. The passphrase is not used: matrix-bot-sdk passes an empty one. Without a
   * path the machine forgets everything when it is closed.
   */
  static async initialize(
    userId: UserId,
    deviceId: DeviceId,
    storePath?: string,
    _passphrase?: string,
    _storeType?: StoreType,
  ): Promise<OlmMachine> {
    const configuration: Partial<StoreConfiguration> = storePath === undefined ? {} : storeConfiguration();
    const open = async (): Promise<OpenedMachine> => {
      using user = userId.toWasm();
      using device = deviceId.toWasm();
      using store = await (storePath === undefined
        ? wasm.StoreHandle.open(null, null)
        : openStore(storePath, storeConfiguration()));
      const machine = await wasm.OlmMachine.initFromStore(user, device, store, configuration.log);
      return { machine, trackedUsers: await trackedUsers(machine) };
    };
    const machine = await oneAtATime(async () => new OlmMachine(await open(), open, configuration));
    configuration.onOpen?.(machine);
    return machine;
  }
}

async function trackedUsers(machine: wasm.OlmMachine): Promise<string[]> {
  return [...(await machine.trackedUsers())].map((user) => {
    using held = user;
    return held.toString();
  });
}
