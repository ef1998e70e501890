import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { oneAtATime } from "./one-at-a-time.ts";
import { assertNothingWasLost, inOuterTransaction } from "./outer-transaction.ts";
import { type ServerRequest, type WasmRequest, serverRequest } from "./requests.ts";
import { openStore } from "./store.ts";

/** One of the seven emoji that both devices show. */
export interface SasEmoji {
  readonly symbol: string;
  /** Its English name. */
  readonly name: string;
}

/** How far a verification is. */
export type SasProgress =
  /** Nobody has accepted the request, or the devices exchange keys. */
  | { readonly phase: "requested" | "starting" }
  | { readonly phase: "comparing"; readonly emoji: readonly SasEmoji[] }
  | { readonly phase: "done" }
  /** `code`: CS §m.key.verification.cancel. */
  | { readonly phase: "cancelled"; readonly code: string };

/** What other devices of the account a machine knows. */
export interface OwnDevices {
  readonly hasCrossSigning: boolean;
  /** Devices in use that the account's keys signed, without this one. */
  readonly otherSigned: number;
}

/** The part of a `/sync` that a machine needs. */
export interface DeviceChanges {
  /** A JSON array. */
  readonly toDeviceEvents: string;
  readonly haveOwnDevicesChanged: boolean;
  readonly oneTimeKeyCounts: Readonly<Record<string, number>>;
  readonly unusedFallbackKeys: readonly string[];
}

export interface VerifyingMachineOptions {
  readonly userId: string;
  readonly deviceId: string;
  /** The folder of its store, and the key that encrypts it. `null`: in memory. */
  readonly store: { readonly path: string; readonly key: Uint8Array } | null;
}

const BACKUP_SECRET = "m.megolm_backup.v1";

/**
 * A device of a person's account that lets itself be verified by emoji and then gets the key of the
 * account's backup. It is without a log: the library's log would name users and devices.
 *
 * A thread has one store folder (`installIndexedDb`), so a machine with a store needs a thread of
 * its own.
 */
export class VerifyingMachine {
  readonly #userId: string;
  readonly #deviceId: string;
  readonly #machine: wasm.OlmMachine;
  #request: wasm.VerificationRequest | null = null;

  private constructor({ userId, deviceId }: VerifyingMachineOptions, machine: wasm.OlmMachine) {
    this.#userId = userId;
    this.#deviceId = deviceId;
    this.#machine = machine;
  }

  static async open(options: VerifyingMachineOptions): Promise<VerifyingMachine> {
    const { store } = options;
    using user = new wasm.UserId(options.userId);
    using device = new wasm.DeviceId(options.deviceId);
    using handle = await (store === null
      ? wasm.StoreHandle.open(null, null)
      : openStore(store.path, { key: store.key }));
    return new VerifyingMachine(options, await wasm.OlmMachine.initFromStore(user, device, handle));
  }

  /** The device's public Ed25519 key, base64 without padding. */
  get publicKey(): string {
    using keys = this.#machine.identityKeys;
    using key = keys.ed25519;
    return key.toBase64();
  }

  /** The requests that must be sent now, and answered by `markAsSent`. */
  async outgoingRequests(): Promise<ServerRequest[]> {
    return this.#call(async () => (await this.#machine.outgoingRequests()).map(taken));
  }

  /** A request for the devices of the account, which is answered like the others. */
  async queryOwnDevices(): Promise<ServerRequest> {
    return this.#call(() =>
      Promise.resolve(taken(this.#machine.queryKeysForUsers([new wasm.UserId(this.#userId)]))),
    );
  }

  async markAsSent({ id, type }: ServerRequest, response: unknown): Promise<void> {
    if (id === undefined || type === undefined) return;
    await this.#call(() => this.#machine.markRequestAsSent(id, type, JSON.stringify(response)));
  }

  /** Saves everything in one transaction (overrides/README.md, "Defects worked around"). */
  async receive(changes: DeviceChanges): Promise<void> {
    await this.#call(async () => {
      const changed = changes.haveOwnDevicesChanged ? [new wasm.UserId(this.#userId)] : [];
      using lists = new wasm.DeviceLists(changed, []);
      const counts = new Map(Object.entries(changes.oneTimeKeyCounts));
      const fallback = new Set(changes.unusedFallbackKeys);
      const events = await inOuterTransaction(() =>
        this.#machine.receiveSyncChanges(changes.toDeviceEvents, lists, counts, fallback),
      );
      for (const event of events) event.free();
    });
  }

  /** What the newest answer to `queryOwnDevices` said. */
  async ownDevices(): Promise<OwnDevices> {
    return this.#call(async () => {
      using user = new wasm.UserId(this.#userId);
      using identity = await this.#machine.getIdentity(user);
      using known = await this.#machine.getUserDevices(user);
      let otherSigned = 0;
      for (const device of known.devices()) {
        using held = device;
        using id = held.deviceId;
        if (id.toString() === this.#deviceId) continue;
        if (held.isCrossSignedByOwner() && !held.isDehydrated) otherSigned += 1;
      }
      return { hasCrossSigning: identity !== undefined, otherSigned };
    });
  }

  /** Asks all other devices of the account for a verification by emoji. */
  async requestVerification(): Promise<{ readonly flowId: string; readonly request: ServerRequest }> {
    return this.#call(async () => {
      using user = new wasm.UserId(this.#userId);
      using identity = await this.#machine.getIdentity(user);
      if (!(identity instanceof wasm.OwnUserIdentity)) throw new Error("The account has no cross-signing.");
      const [verification, request] = await identity.requestVerification([wasm.VerificationMethod.SasV1]);
      this.#request?.free();
      this.#request = verification;
      return { flowId: verification.flowId, request: taken(request) };
    });
  }

  /** Starts the exchange of keys once the other device is ready. Returns the requests for it. */
  async proceed(): Promise<ServerRequest[]> {
    return this.#call(async () => {
      const request = this.#verification();
      if (request.isReady()) {
        const started = await request.startSas();
        started?.[0].free();
        return started === undefined ? [] : [taken(started[1])];
      }
      // The other device may have started instead, or at the same time: one of two starts counts.
      using sas = sasOf(request);
      const accepted = sas?.accept();
      return accepted === undefined ? [] : [taken(accepted)];
    });
  }

  progress(): SasProgress {
    const request = this.#verification();
    using sas = sasOf(request);
    using cancelled = sas?.cancelInfo() ?? request.cancelInfo;
    if (cancelled !== undefined) return { phase: "cancelled", code: cancelled.cancelCode() };
    if (sas?.isDone() === true || request.isDone()) return { phase: "done" };
    if (request.timedOut()) return { phase: "cancelled", code: "m.timeout" };
    const emoji = sas?.canBePresented() === true ? sas.emoji() : undefined;
    if (emoji !== undefined) return { phase: "comparing", emoji: emoji.map(plainEmoji) };
    return { phase: request.phase() === wasm.VerificationRequestPhase.Created ? "requested" : "starting" };
  }

  /** The person says that the emoji are the same. */
  async confirm(): Promise<ServerRequest[]> {
    return this.#call(async () => {
      using sas = sasOf(this.#verification());
      return sas === undefined ? [] : (await sas.confirm()).map(taken);
    });
  }

  /** Tells the other device that the verification is over, unless it is already. */
  async cancel(reason: "m.user" | "m.mismatched_sas"): Promise<ServerRequest[]> {
    return this.#call(() => {
      const request = this.#verification();
      using sas = sasOf(request);
      const cancelled = sas === undefined ? request.cancel() : sas.cancelWithCode(reason);
      return Promise.resolve(cancelled === undefined ? [] : [taken(cancelled)]);
    });
  }

  /**
   * The backup keys that verified devices of the account have sent, base64. Each is returned once
   * and is then no longer stored.
   */
  async takeBackupKeys(): Promise<string[]> {
    return this.#call(async () => {
      const keys = await this.#machine.getSecretsFromInbox(BACKUP_SECRET);
      if (keys.size > 0) await this.#machine.deleteSecretsFromInbox(BACKUP_SECRET);
      return [...keys];
    });
  }

  async close(): Promise<void> {
    await oneAtATime(() => {
      this.#request?.free();
      this.#request = null;
      this.#machine.close();
    });
  }

  #verification(): wasm.VerificationRequest {
    if (this.#request === null) throw new Error("No verification has been requested.");
    return this.#request;
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    return oneAtATime(async () => {
      const result = await work();
      assertNothingWasLost();
      return result;
    });
  }
}

function sasOf(request: wasm.VerificationRequest): wasm.Sas | undefined {
  const verification = request.getVerification();
  return verification instanceof wasm.Sas ? verification : undefined;
}

function plainEmoji(emoji: wasm.Emoji): SasEmoji {
  using held = emoji;
  return { symbol: held.symbol, name: held.description };
}

/** A plain copy of a request of the library, which is freed. */
function taken(request: WasmRequest): ServerRequest {
  using held = request;
  return serverRequest(held);
}
