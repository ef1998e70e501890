import type { SessionRequest } from "../../../src/platforms/matrix/keys/emoji/session-requests.ts";

type Json = Record<string, unknown>;
type Events = { sender: string; type: string; content: Json }[];

interface Device {
  keys: Json | null;
  oneTimeKeys: [string, unknown][];
  inbox: Events;
  hasNews: boolean;
}

/**
 * The part of a homeserver that the devices of one account need for a verification, in memory. It
 * has a clock of its own: a `/sync` with nothing to deliver lets the others act, and then takes as
 * long as it may wait.
 */
export class OwnAccount {
  readonly userId = "@me:old.example";
  /** Every request of a device, such as `bot PUT sendToDevice/m.secret.request`. */
  readonly requests: string[] = [];
  /** The names of the secrets that were asked for. */
  readonly askedSecrets: string[] = [];
  /** What the others do while a device waits. */
  meanwhile: () => Promise<void> = () => Promise.resolve();
  time = 0;
  readonly #devices = new Map<string, Device>();
  #crossSigning: Json = {};

  #device(deviceId: string): Device {
    const device = this.#devices.get(deviceId) ?? { keys: null, oneTimeKeys: [], inbox: [], hasNews: false };
    this.#devices.set(deviceId, device);
    return device;
  }

  removeDevice(deviceId: string): void {
    this.#devices.delete(deviceId);
    this.#changed();
  }

  /** An event that another user or another device sends. */
  deliver(deviceId: string, event: Events[number]): void {
    this.#device(deviceId).inbox.push(event);
  }

  /** The answer to a request of a device. */
  async answer(deviceId: string, { method, path, body = {}, query = {} }: SessionRequest): Promise<Json> {
    const name = path.replace(/^\/_matrix\/client\/v3\//, "").replace(/(sendToDevice\/[^/]+).*/, "$1");
    this.requests.push(`${deviceId} ${method} ${name}`);
    const given = JSON.parse(JSON.stringify(body)) as Json;
    const [kind = "", eventType = ""] = name.startsWith("sendToDevice/") ? name.split("/") : [name];
    switch (kind) {
      case "keys/upload":
        return this.#upload(deviceId, given);
      case "keys/query":
        return this.#query();
      case "keys/claim":
        return this.#claim(given);
      case "keys/device_signing/upload":
        this.#crossSigning = given;
        return {};
      case "keys/signatures/upload":
        return this.#sign(given);
      case "sendToDevice":
        return this.#send(deviceId, eventType, given);
      case "sync":
        return this.#sync(deviceId, Number(query["timeout"]));
      default:
        throw new Error(`no answer to ${name}`);
    }
  }

  #upload(deviceId: string, given: Json): Json {
    const device = this.#device(deviceId);
    if (given["device_keys"] !== undefined) {
      device.keys = given["device_keys"] as Json;
      this.#changed();
    }
    device.oneTimeKeys.push(...Object.entries((given["one_time_keys"] ?? {}) as Json));
    return { one_time_key_counts: { signed_curve25519: device.oneTimeKeys.length } };
  }

  #query(): Json {
    const known = [...this.#devices].flatMap(([id, { keys }]) => (keys === null ? [] : [[id, keys]]));
    const keys = (name: string) =>
      this.#crossSigning[name] === undefined ? {} : { [this.userId]: this.#crossSigning[name] };
    return {
      device_keys: { [this.userId]: Object.fromEntries(known) },
      master_keys: keys("master_key"),
      self_signing_keys: keys("self_signing_key"),
      user_signing_keys: keys("user_signing_key"),
    };
  }

  #claim(given: Json): Json {
    const wanted = (given["one_time_keys"] as Record<string, Json>)[this.userId] ?? {};
    const claimed = Object.keys(wanted).flatMap((id) => {
      const key = this.#device(id).oneTimeKeys.shift();
      return key === undefined ? [] : [[id, Object.fromEntries([key])]];
    });
    return { one_time_keys: { [this.userId]: Object.fromEntries(claimed) }, failures: {} };
  }

  #sign(given: Json): Json {
    const signed = (given[this.userId] ?? {}) as Record<string, Json>;
    for (const [id, object] of Object.entries(signed)) {
      const device = this.#devices.get(id);
      if (device?.keys) device.keys = merged(device.keys, object);
    }
    this.#changed();
    return {};
  }

  #changed(): void {
    for (const device of this.#devices.values()) device.hasNews = true;
  }

  #send(sender: string, type: string, given: Json): Json {
    const messages = (given["messages"] as Record<string, Record<string, Json>>)[this.userId] ?? {};
    for (const [id, content] of Object.entries(messages)) {
      if (type === "m.secret.request" && typeof content["name"] === "string")
        this.askedSecrets.push(content["name"]);
      const ids = id === "*" ? [...this.#devices.keys()].filter((each) => each !== sender) : [id];
      for (const each of ids) this.deliver(each, { sender: this.userId, type, content });
    }
    return {};
  }

  async #sync(deviceId: string, timeout: number): Promise<Json> {
    const device = this.#device(deviceId);
    if (device.inbox.length === 0 && timeout > 0) await this.meanwhile();
    if (device.inbox.length === 0) this.time += timeout;
    const { hasNews } = device;
    device.hasNews = false;
    return {
      next_batch: "next",
      to_device: { events: device.inbox.splice(0) },
      device_lists: { changed: hasNews ? [this.userId] : [] },
      device_one_time_keys_count: { signed_curve25519: device.oneTimeKeys.length },
      device_unused_fallback_key_types: ["signed_curve25519"],
    };
  }
}

function merged(keys: Json, signed: Json): Json {
  const [own, added] = [keys, signed].map(
    (object) => (object["signatures"] ?? {}) as Record<string, Record<string, string>>,
  );
  const users = new Set([...Object.keys(own ?? {}), ...Object.keys(added ?? {})]);
  const signatures = Object.fromEntries(
    [...users].map((user) => [user, { ...own?.[user], ...added?.[user] }]),
  );
  return { ...keys, signatures };
}
