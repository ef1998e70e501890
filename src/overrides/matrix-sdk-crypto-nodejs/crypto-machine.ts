import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import {
  type CrossSigningKeys,
  type CrossSigningRequests,
  type CrossSigningStatus,
} from "./cross-signing.ts";
import { crossSigningKeys, crossSigningRequests, crossSigningStatus } from "./cross-signing.ts";
import { asError } from "./decryption-error.ts";
import type { EncryptionSettings } from "./encryption-settings.ts";
import type { DeviceLists, RoomId, UserId } from "./identifiers.ts";
import { usersToWasm } from "./identifiers.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import {
  assertNothingWasLost,
  hasLostWrite,
  inOuterTransaction,
  reportFailure,
  resetAfterLostWrite,
} from "./outer-transaction.ts";
import { OwnRequests, type SendRequest } from "./own-requests.ts";
import { PendingKeyQueries } from "./pending-key-queries.ts";
import {
  type OutgoingRequest,
  type ToDeviceRequest,
  plainRequest,
  sortRequests,
  toDeviceRequest,
} from "./requests.ts";
import { type RoomKey, roomKey } from "./room-key.ts";
import { Signatures } from "./signatures.ts";

/** A machine of the library, and the users whose devices it tracks. */
export interface OpenedMachine {
  readonly machine: wasm.OlmMachine;
  readonly trackedUsers: Iterable<string>;
}
interface InfoLog {
  info(message: string): void;
}
type OpenMachine = () => Promise<OpenedMachine>;

/**
 * The part of the native package's machine that matrix-bot-sdk calls, on top of
 * matrix-sdk-crypto-wasm. The methods at the end are for the bot. All calls in a process run one
 * after another.
 */
export class CryptoMachine {
  readonly #open: OpenMachine;
  #machine: wasm.OlmMachine;
  #keyQueries: PendingKeyQueries;
  readonly #ownRequests: OwnRequests;
  readonly #log: InfoLog | undefined;
  #onRoomKeys: ((keys: RoomKey[]) => void) | null = null;
  /** False while the store could not be opened again. */
  #isOpen = true;
  #isClosed = false;

  /**
   * `open` opens the store again after a write to it was lost. `sendRequest`: see
   * `StoreConfiguration`.
   */
  constructor(
    opened: OpenedMachine,
    open: OpenMachine,
    { sendRequest, log }: { sendRequest?: SendRequest; log?: InfoLog },
  ) {
    this.#open = open;
    this.#machine = opened.machine;
    this.#keyQueries = new PendingKeyQueries(opened.trackedUsers);
    this.#log = log;
    this.#ownRequests = new OwnRequests(sendRequest, (id, type, response) =>
      this.markRequestAsSent(id, type, response),
    );
  }

  /** False after a write to the store was lost, until the store could be opened again. */
  get isSaving(): boolean {
    return !hasLostWrite();
  }

  get identityKeys(): wasm.IdentityKeys {
    return this.#machine.identityKeys;
  }

  /**
   * The requests that matrix-bot-sdk must send now. Requests that it cannot send go to
   * `sendRequest` of the configuration.
   */
  async outgoingRequests(): Promise<OutgoingRequest[]> {
    const { forSdk, forUs } = await this.#call(async (machine) => {
      const requests = sortRequests(await machine.outgoingRequests());
      this.#keyQueries.send(requests.forSdk.filter(({ type }) => type === wasm.RequestType.KeysQuery));
      return requests;
    });
    this.#ownRequests.send(forUs);
    return forSdk;
  }

  /** `response` is the server's answer as JSON. */
  async markRequestAsSent(
    requestId: string,
    requestType: wasm.RequestType,
    response: string,
  ): Promise<boolean> {
    return this.#call(async (machine) => {
      const isMarked = await machine.markRequestAsSent(requestId, requestType, response);
      if (requestType === wasm.RequestType.KeysQuery) this.#keyQueries.receive(requestId, response);
      return isMarked;
    });
  }

  async updateTrackedUsers(users: readonly UserId[]): Promise<void> {
    await this.#call(async (machine) => {
      await machine.updateTrackedUsers(usersToWasm(users));
      this.#keyQueries.track(users.map(String));
    });
  }

  /**
   * Leaves out users with a pending key query (see `PendingKeyQueries`). matrix-bot-sdk asks again
   * before it encrypts.
   */
  async getMissingSessions(users: readonly UserId[]): Promise<OutgoingRequest | null> {
    return this.#call(async (machine) => {
      const known = users.filter((user) => !this.#keyQueries.isPending(user.toString()));
      if (known.length === 0) return null;
      using request = await machine.getMissingSessions(usersToWasm(known));
      return request && plainRequest(request);
    });
  }

  async shareRoomKey(
    roomId: RoomId,
    users: readonly UserId[],
    settings: EncryptionSettings,
  ): Promise<ToDeviceRequest[]> {
    return this.#call(async (machine) => {
      using room = roomId.toWasm();
      using wasmSettings = settings.toWasm();
      const requests = await machine.shareRoomKey(room, usersToWasm(users), wasmSettings);
      return requests.map((request) => {
        using held = request;
        return toDeviceRequest(held);
      });
    });
  }

  /**
   * Takes the result of a `/sync`. Resolves to the decrypted to-device events, as a JSON array,
   * once everything is saved.
   *
   * Everything is saved in one transaction: the library saves a new Olm session before the room key
   * that came with it. A crash in between would lose that key for good, since the event cannot be
   * decrypted a second time when the server delivers it again.
   */
  async receiveSyncChanges(
    toDeviceEvents: string,
    deviceLists: DeviceLists,
    oneTimeKeyCounts: Readonly<Record<string, number>>,
    unusedFallbackKeys: readonly string[],
  ): Promise<string> {
    return this.#call(async (machine) => {
      this.#keyQueries.change(deviceLists.changed.map(String));
      using lists = deviceLists.toWasm();
      const counts = new Map(Object.entries(oneTimeKeyCounts).filter(([, count]) => Number.isInteger(count)));
      const events = await inOuterTransaction(() =>
        machine.receiveSyncChanges(toDeviceEvents, lists, counts, new Set(unusedFallbackKeys)),
      );
      const raw = events.map((event) => {
        using held = event;
        return held.rawEvent;
      });
      return `[${raw.join(",")}]`;
    });
  }

  /** Rejects with a `DecryptionError`. The event is JSON both ways. */
  async decryptRoomEvent(event: string, roomId: RoomId): Promise<{ event: string }> {
    return this.#call(async (machine) => {
      using room = roomId.toWasm();
      using settings = new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
      using decrypted = await machine.decryptRoomEvent(event, room, settings);
      return { event: decrypted.event };
    });
  }

  /**
   * Content and result are JSON. The room's key must have been shared before. Otherwise the library
   * panics and the process ends.
   */
  async encryptRoomEvent(roomId: RoomId, eventType: string, content: string): Promise<string> {
    return this.#call(async (machine) => {
      using room = roomId.toWasm();
      return await machine.encryptRoomEvent(room, eventType, content);
    });
  }

  async sign(message: string): Promise<Signatures> {
    return this.#call(async (machine) => {
      using signatures = await machine.sign(message);
      return new Signatures(signatures.asJSON());
    });
  }

  /**
   * Creates the cross-signing keys, unless they exist, and the requests that publish them. `reset`
   * creates new ones; users who verified the bot must then verify it again. Safe at every start.
   */
  async bootstrapCrossSigning(reset: boolean): Promise<CrossSigningRequests> {
    return this.#call(async (machine) => crossSigningRequests(await machine.bootstrapCrossSigning(reset)));
  }

  async crossSigningStatus(): Promise<CrossSigningStatus> {
    return this.#call(async (machine) => crossSigningStatus(await machine.crossSigningStatus()));
  }

  /** Undefined if there are none. They are secrets. */
  async exportCrossSigningKeys(): Promise<CrossSigningKeys | undefined> {
    return this.#call(async (machine) => {
      const exported = await machine.exportCrossSigningKeys();
      return exported && crossSigningKeys(exported);
    });
  }

  async importCrossSigningKeys(keys: CrossSigningKeys): Promise<CrossSigningStatus> {
    return this.#call(async (machine) => {
      const status = await machine.importCrossSigningKeys(
        keys.masterKey,
        keys.selfSigningKey,
        keys.userSigningKey,
      );
      return crossSigningStatus(status);
    });
  }

  /**
   * Calls the listener with room keys that arrived or became better, so that failed decryptions can
   * be repeated: matrix-bot-sdk never does. There is one listener; it may call the machine.
   */
  onRoomKeys(listener: (keys: RoomKey[]) => void): void {
    this.#onRoomKeys = listener;
    this.#listenForRoomKeys();
  }

  #listenForRoomKeys(): void {
    this.#machine.registerRoomKeyUpdatedCallback(
      (keys) =>
        new Promise((resolve) => {
          this.#onRoomKeys?.(keys.map(roomKey));
          resolve();
        }),
    );
  }

  /**
   * Waits for all calls under way, then closes the store. Later calls are rejected. Closing again
   * has no effect.
   */
  async close(): Promise<void> {
    await oneAtATime(() => {
      if (!this.#isClosed && this.#isOpen) this.#machine.close();
      this.#isClosed = true;
    });
  }

  async #call<T>(work: (machine: wasm.OlmMachine) => Promise<T>): Promise<T> {
    return oneAtATime(async () => {
      if (this.#isClosed) throw new Error("The crypto machine is closed.");
      if (hasLostWrite()) await this.#openAgain();
      try {
        const result = await work(this.#machine);
        assertNothingWasLost();
        return result;
      } catch (error) {
        throw asError(error);
      }
    });
  }

  /**
   * Drops the library's memory and reads the store again, as a restart would. After a lost write
   * the memory is ahead of the store. The caller's work failed, so the caller repeats it.
   */
  async #openAgain(): Promise<void> {
    if (this.#isOpen) this.#machine.close();
    this.#isOpen = false;
    resetAfterLostWrite();
    try {
      const { machine, trackedUsers } = await this.#open();
      this.#machine = machine;
      this.#keyQueries = new PendingKeyQueries(trackedUsers);
      this.#isOpen = true;
    } catch (error) {
      reportFailure(error);
      assertNothingWasLost();
    }
    if (this.#onRoomKeys) this.#listenForRoomKeys();
    this.#log?.info("The crypto store is open again after a change could not be saved.");
  }
}
