import type * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";

/** A room key that has arrived: messages of this session can now be decrypted. */
export interface RoomKey {
  readonly roomId: string;
  readonly sessionId: string;
}

/** A plain copy of the library's description of a room key. */
export function roomKey(info: wasm.RoomKeyInfo): RoomKey {
  using held = info;
  using roomId = held.roomId;
  return { roomId: roomId.toString(), sessionId: held.sessionId };
}
