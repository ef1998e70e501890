import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { serverRequest } from "../../../src/overrides/matrix-sdk-crypto-nodejs/requests.ts";
import type { OwnAccount } from "./own-account.ts";

type AnyRequest = Parameters<typeof serverRequest>[0];

/** How the person at the device reacts. */
export interface Reaction {
  /** To the request. */
  readonly toRequest: "accept" | "refuse" | "ignore";
  /** To the emoji. */
  readonly toEmoji: "same" | "different" | "cancel" | "ignore";
  /** Whether it starts the exchange of keys, as well as the other side. */
  readonly startsItself?: boolean;
}

/** A device on which the person is signed in: the library that Element uses. */
export class OtherDevice {
  readonly deviceId: string;
  readonly machine: wasm.OlmMachine;
  reaction: Reaction = { toRequest: "accept", toEmoji: "same" };
  /** The emoji that it shows. */
  emoji: string[] | null = null;
  readonly #account: OwnAccount;

  private constructor(deviceId: string, machine: wasm.OlmMachine, account: OwnAccount) {
    this.deviceId = deviceId;
    this.machine = machine;
    this.#account = account;
  }

  static async open(deviceId: string, account: OwnAccount): Promise<OtherDevice> {
    const machine = await wasm.OlmMachine.initialize(
      new wasm.UserId(account.userId),
      new wasm.DeviceId(deviceId),
    );
    const device = new OtherDevice(deviceId, machine, account);
    await device.sendAll();
    return device;
  }

  /** Makes the account's cross-signing keys and signs this device. */
  async setUpCrossSigning(): Promise<void> {
    const requests = await this.machine.bootstrapCrossSigning(false);
    if (requests.uploadKeysRequest instanceof wasm.KeysUploadRequest)
      await this.#send(requests.uploadKeysRequest);
    await this.#account.answer(this.deviceId, {
      method: "POST",
      path: "/_matrix/client/v3/keys/device_signing/upload",
      body: JSON.parse(requests.uploadSigningKeysRequest.body),
    });
    await this.#send(requests.uploadSignaturesRequest);
    await this.sync();
  }

  /** Gets the cross-signing keys of another device, as after a verification, and signs this one. */
  async takeCrossSigning(other: OtherDevice): Promise<void> {
    const keys = await other.machine.exportCrossSigningKeys();
    await this.machine.importCrossSigningKeys(keys?.masterKey, keys?.self_signing_key, keys?.userSigningKey);
    await this.#send((await this.machine.bootstrapCrossSigning(false)).uploadSignaturesRequest);
    await this.sync();
  }

  /** Keeps a backup key, which it hands out to verified devices. */
  async keepBackupKey(key: wasm.BackupDecryptionKey): Promise<void> {
    await this.machine.saveBackupDecryptionKey(key, "1");
  }

  async sync(): Promise<void> {
    const answer = await this.#account.answer(this.deviceId, {
      method: "GET",
      path: "/_matrix/client/v3/sync",
      query: { timeout: "0" },
    });
    const { to_device, device_lists, device_one_time_keys_count } = answer as {
      to_device: { events: object[] };
      device_lists: { changed: string[] };
      device_one_time_keys_count: Record<string, number>;
    };
    await this.machine.receiveSyncChanges(
      JSON.stringify(to_device.events),
      new wasm.DeviceLists(device_lists.changed.map((id) => new wasm.UserId(id))),
      new Map(Object.entries(device_one_time_keys_count)),
      new Set(["signed_curve25519"]),
    );
    await this.sendAll();
  }

  /** Syncs, and does what the person wants. */
  async act(): Promise<void> {
    await this.sync();
    const user = new wasm.UserId(this.#account.userId);
    for (const request of this.machine.getVerificationRequests(user)) await this.#react(request);
    await this.sendAll();
  }

  /** The number of verifications that are not over. */
  openVerifications(): number {
    const user = new wasm.UserId(this.#account.userId);
    const requests = this.machine.getVerificationRequests(user);
    return requests.filter((request) => !request.isCancelled() && !request.isDone()).length;
  }

  async #react(request: wasm.VerificationRequest): Promise<void> {
    if (request.phase() === wasm.VerificationRequestPhase.Requested) {
      const { toRequest } = this.reaction;
      if (toRequest === "accept")
        await this.#send(request.acceptWithMethods([wasm.VerificationMethod.SasV1]));
      if (toRequest === "refuse") await this.#send(request.cancel());
    }
    if (request.isReady() && this.reaction.startsItself === true)
      await this.#send((await request.startSas())?.[1]);
    const sas = request.getVerification();
    if (!(sas instanceof wasm.Sas)) return;
    await this.#send(sas.accept());
    if (!sas.canBePresented() || sas.haveWeConfirmed()) return;
    this.emoji = sas.emoji()?.map(({ symbol }) => symbol) ?? null;
    const { toEmoji } = this.reaction;
    if (toEmoji === "same") for (const each of await sas.confirm()) await this.#send(each);
    if (toEmoji === "different") await this.#send(sas.cancelWithCode("m.mismatched_sas"));
    if (toEmoji === "cancel") await this.#send(sas.cancel());
  }

  async sendAll(): Promise<void> {
    for (const request of await this.machine.outgoingRequests()) await this.#send(request);
  }

  async #send(request: AnyRequest | undefined): Promise<void> {
    if (request === undefined) return;
    const { id, type, ...rest } = serverRequest(request);
    const answer = await this.#account.answer(this.deviceId, rest);
    if (id !== undefined && type !== undefined)
      await this.machine.markRequestAsSent(id, type, JSON.stringify(answer));
  }
}
