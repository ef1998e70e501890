import { type OutgoingRequest, RequestType } from "../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";

type Json = Record<string, unknown>;
type ByDevice<T> = Record<string, Record<string, T>>;

interface ToDeviceEvent {
  readonly sender: string;
  readonly type: string;
  readonly content: Json;
}

/** The part of a homeserver for keys and to-device events, in memory. It checks nothing. */
export class KeyServer {
  readonly #devices: ByDevice<Json> = {};
  readonly #oneTimeKeys: ByDevice<[string, unknown][]> = {};
  readonly #inboxes: ByDevice<ToDeviceEvent[]> = {};

  /** The answer to a request of one device. */
  answer(userId: string, deviceId: string, { type, body }: OutgoingRequest): Json {
    const request = JSON.parse(body);
    switch (type) {
      case RequestType.KeysUpload:
        return this.#upload(userId, deviceId, request);
      case RequestType.KeysQuery:
        return { device_keys: this.#query(Object.keys(request.device_keys)) };
      case RequestType.KeysClaim:
        return { one_time_keys: this.#claim(request.one_time_keys), failures: {} };
      case RequestType.ToDevice:
        return this.#deliver(userId, request.event_type, request.messages);
      default:
        throw new Error(`No answer to a request of type ${type}.`);
    }
  }

  /** Returns and removes the events that were sent to a device. */
  takeInbox(userId: string, deviceId: string): ToDeviceEvent[] {
    return this.#inboxes[userId]?.[deviceId]?.splice(0) ?? [];
  }

  #upload(userId: string, deviceId: string, request: Json): Json {
    if (request["device_keys"]) (this.#devices[userId] ??= {})[deviceId] = request["device_keys"] as Json;
    const keys = ((this.#oneTimeKeys[userId] ??= {})[deviceId] ??= []);
    keys.push(...Object.entries(request["one_time_keys"] ?? {}));
    return { one_time_key_counts: { signed_curve25519: keys.length } };
  }

  #query(userIds: string[]): ByDevice<Json> {
    return Object.fromEntries(userIds.map((userId) => [userId, this.#devices[userId] ?? {}]));
  }

  #claim(wanted: ByDevice<string>): ByDevice<Json> {
    const claimed: ByDevice<Json> = {};
    for (const [userId, devices] of Object.entries(wanted)) {
      for (const deviceId of Object.keys(devices)) {
        const key = this.#oneTimeKeys[userId]?.[deviceId]?.shift();
        if (key) (claimed[userId] ??= {})[deviceId] = Object.fromEntries([key]);
      }
    }
    return claimed;
  }

  #deliver(sender: string, type: string, messages: ByDevice<Json>): Json {
    for (const [userId, devices] of Object.entries(messages)) {
      for (const [deviceId, content] of Object.entries(devices)) {
        ((this.#inboxes[userId] ??= {})[deviceId] ??= []).push({ sender, type, content });
      }
    }
    return {};
  }
}
