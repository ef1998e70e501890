import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";

const MICROSECONDS_IN_MILLISECOND = 1000n;

/** The encryption of a room's messages. Missing settings keep matrix-sdk-crypto's defaults. */
export class EncryptionSettings {
  algorithm: wasm.EncryptionAlgorithm | undefined;
  historyVisibility: wasm.HistoryVisibility | undefined;
  /** Milliseconds, as matrix-bot-sdk sets it. The native package took microseconds. */
  rotationPeriod: bigint | undefined;
  rotationPeriodMessages: bigint | undefined;

  /** A wasm object that the caller frees. */
  toWasm(): wasm.EncryptionSettings {
    const settings = new wasm.EncryptionSettings();
    if (this.algorithm !== undefined) settings.algorithm = this.algorithm;
    if (this.historyVisibility !== undefined) settings.historyVisibility = this.historyVisibility;
    // wasm counts microseconds. Without the factor every session would expire a thousand times too
    // early.
    if (this.rotationPeriod !== undefined)
      settings.rotationPeriod = this.rotationPeriod * MICROSECONDS_IN_MILLISECOND;
    if (this.rotationPeriodMessages !== undefined)
      settings.rotationPeriodMessages = this.rotationPeriodMessages;
    return settings;
  }
}
