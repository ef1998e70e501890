import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";

/**
 * A plain holder of a value. The wasm package frees the identifiers in an array that is passed to
 * it, and matrix-bot-sdk passes one array to three calls. So these objects are kept, and wasm
 * objects are made for each call (`toWasm`).
 */
class Identifier {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  toString(): string {
    return this.#value;
  }
}

/** A Matrix user ID. */
export class UserId extends Identifier {
  /**
   * A wasm object that the caller frees or passes on to be consumed. Throws if the ID is invalid.
   */
  toWasm(): wasm.UserId {
    return new wasm.UserId(this.toString());
  }
}

/** A Matrix room ID. */
export class RoomId extends Identifier {
  /** A wasm object that the caller frees. Throws if the ID is invalid. */
  toWasm(): wasm.RoomId {
    return new wasm.RoomId(this.toString());
  }
}

/** The ID of a device. */
export class DeviceId extends Identifier {
  /** A wasm object that the caller frees. */
  toWasm(): wasm.DeviceId {
    return new wasm.DeviceId(this.toString());
  }
}

/** The users whose devices changed and those who left, as in `/sync`. */
export class DeviceLists {
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];

  constructor(changed: readonly UserId[] = [], left: readonly UserId[] = []) {
    this.changed = changed;
    this.left = left;
  }

  /** A wasm object that the caller frees. */
  toWasm(): wasm.DeviceLists {
    return new wasm.DeviceLists(usersToWasm(this.changed), usersToWasm(this.left));
  }
}

/**
 * Wasm objects that the library consumes. An ID that the library does not accept is left out,
 * because such a user has no devices. Otherwise a sync or a room with the user would fail for ever.
 */
export function usersToWasm(users: readonly UserId[]): wasm.UserId[] {
  return users.flatMap((user) => {
    try {
      return [user.toWasm()];
    } catch {
      return [];
    }
  });
}
