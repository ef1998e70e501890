import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";

/**
 * Plain holders of a value. The wasm package frees the identifiers inside an array that is passed
 * to it, while matrix-bot-sdk passes one array to three calls; so wasm objects are made for each
 * call (`toWasm`), and these are kept.
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
   * A wasm object that the caller frees or passes on to be consumed. Throws when the ID is not
   * valid.
   */
  toWasm(): wasm.UserId {
    return new wasm.UserId(this.toString());
  }
}

/** A Matrix room ID. */
export class RoomId extends Identifier {
  /** A wasm object that the caller frees. Throws when the ID is not valid. */
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

/** The users whose devices changed, and those who left, as `/sync` tells them. */
export class DeviceLists {
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];

  constructor(changed: readonly UserId[] = [], left: readonly UserId[] = []) {
    this.changed = changed;
    this.left = left;
  }

  /** A wasm object that the caller frees. */
  toWasm(): wasm.DeviceLists {
    return new wasm.DeviceLists(
      this.changed.map((userId) => userId.toWasm()),
      this.left.map((userId) => userId.toWasm()),
    );
  }
}
