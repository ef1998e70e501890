import type { KeyCopyResult } from "../../../keys.ts";

/** Ends a copy from within, with its result. */
export class EndOfCopy extends Error {
  override readonly name = "EndOfCopy";
  readonly result: KeyCopyResult;

  constructor(result: KeyCopyResult) {
    super(`a copy of keys ends: ${result.status}`);
    this.result = result;
  }
}

/** The new backup is another one than that which the copy writes to, or is gone. */
export class OtherTargetBackup extends Error {
  override readonly name = "OtherTargetBackup";
}
