import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";

/** An encrypted file with its keys (as JSON: the `file` object of an event without its `url`). */
export class EncryptedAttachment {
  readonly encryptedData: Uint8Array;
  readonly mediaEncryptionInfo: string;

  constructor(encryptedData: Uint8Array, mediaEncryptionInfo: string) {
    this.encryptedData = encryptedData;
    this.mediaEncryptionInfo = mediaEncryptionInfo;
  }
}

/** Encrypts and decrypts files (CS §Sending encrypted attachments). */
export const Attachment = {
  /** Encrypts a file with a new key. */
  encrypt(file: Uint8Array): EncryptedAttachment {
    using attachment = wasm.Attachment.encrypt(file);
    const info = attachment.mediaEncryptionInfo;
    if (info === undefined) throw new Error("The encrypted file came without its keys.");
    return new EncryptedAttachment(attachment.encryptedData, info);
  },

  /**
   * Decrypts a file.
   * @throws an error if the hash of the file differs from the given one
   */
  decrypt(attachment: EncryptedAttachment): Uint8Array {
    using encrypted = new wasm.EncryptedAttachment(attachment.encryptedData, attachment.mediaEncryptionInfo);
    return wasm.Attachment.decrypt(encrypted);
  },
};
