import {
  DeviceId,
  DeviceLists,
  EncryptionSettings,
  OlmMachine,
  type OutgoingRequest,
  RoomId,
  UserId,
} from "../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import type { KeyServer } from "./key-server.ts";

const ROOM_ID = "!room:example.org";

/**
 * A machine at a key server, driven as matrix-bot-sdk drives it. Without a store path it keeps
 * everything in memory.
 */
export class CryptoDevice {
  readonly userId: string;
  readonly deviceId: string;
  readonly machine: OlmMachine;
  readonly #server: KeyServer;

  private constructor(userId: string, deviceId: string, machine: OlmMachine, server: KeyServer) {
    this.userId = userId;
    this.deviceId = deviceId;
    this.machine = machine;
    this.#server = server;
  }

  static async open(
    userId: string,
    deviceId: string,
    server: KeyServer,
    storePath?: string,
  ): Promise<CryptoDevice> {
    const machine = await OlmMachine.initialize(new UserId(userId), new DeviceId(deviceId), storePath, "", 0);
    return new CryptoDevice(userId, deviceId, machine, server);
  }

  /** Sends everything that the machine wants to send. */
  async sendAll(): Promise<void> {
    for (const request of await this.machine.outgoingRequests()) await this.send(request);
  }

  async send(request: OutgoingRequest): Promise<void> {
    const answer = this.#server.answer(this.userId, this.deviceId, request);
    await this.machine.markRequestAsSent(request.id, request.type, JSON.stringify(answer));
  }

  /**
   * Encrypts a message so that the others can read it. Resolves to the event as a server would
   * deliver it.
   */
  async encrypt(text: string, others: readonly string[]): Promise<string> {
    const users = others.map((userId) => new UserId(userId));
    await this.machine.updateTrackedUsers(users);
    await this.sendAll();
    const claim = await this.machine.getMissingSessions(users);
    if (claim) await this.send(claim);
    for (const request of await this.machine.shareRoomKey(
      new RoomId(ROOM_ID),
      users,
      new EncryptionSettings(),
    ))
      await this.send(request);
    const content = await this.machine.encryptRoomEvent(
      new RoomId(ROOM_ID),
      "m.room.message",
      JSON.stringify({ body: text }),
    );
    return JSON.stringify({
      type: "m.room.encrypted",
      event_id: `$${text}`,
      sender: this.userId,
      origin_server_ts: 0,
      room_id: ROOM_ID,
      content: JSON.parse(content),
    });
  }

  /** Takes the server's data for this device, like a sync. */
  async sync(): Promise<void> {
    await this.receive(JSON.stringify(this.#server.takeInbox(this.userId, this.deviceId)));
  }

  async receive(toDeviceEvents: string): Promise<void> {
    await this.machine.receiveSyncChanges(toDeviceEvents, new DeviceLists(), { signed_curve25519: 50 }, [
      "signed_curve25519",
    ]);
  }

  async decrypt(event: string): Promise<string> {
    const decrypted = await this.machine.decryptRoomEvent(event, new RoomId(ROOM_ID));
    return JSON.parse(decrypted.event).content.body;
  }
}
