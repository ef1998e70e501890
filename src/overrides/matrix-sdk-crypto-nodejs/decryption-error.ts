import { DecryptionErrorCode, MegolmDecryptionError } from "@matrix-org/matrix-sdk-crypto-wasm";

/** Why a room event could not be decrypted. */
export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
  /** The library's name for the cause, such as `MissingRoomKey`. */
  readonly code: string;
  /** Why the sender withheld the key, such as `m.unverified` (CS §m.room_key.withheld). */
  readonly withheldCode: string | undefined;

  constructor(description: string, code: string, withheldCode: string | undefined) {
    super(description);
    this.code = code;
    this.withheldCode = withheldCode;
  }
}

/** The library rejects with an object that is not an Error, which loggers print as "{}". */
export function asError(rejection: unknown): unknown {
  if (!(rejection instanceof MegolmDecryptionError)) return rejection;
  using error = rejection;
  return new DecryptionError(error.description, DecryptionErrorCode[error.code], error.withheldCode);
}
