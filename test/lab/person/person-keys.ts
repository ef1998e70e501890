import type { ProcessLink } from "./process-link.ts";
import type { SeenMessage, ShownEmoji, VerificationAnswer } from "./protocol.ts";

export type { ShownEmoji } from "./protocol.ts";

/** What a person does with the keys of their messages in the settings of Element. */
export interface PersonKeys {
  /**
   * Makes a secret storage and a key backup, signed by the account's cross-signing keys. `phrase`:
   * the security phrase, if the person chooses one. Resolves with the recovery key.
   */
  setUpStorage(options?: { phrase?: string }): Promise<string>;
  /** Waits until the backup has every session of this client. Resolves with their number. */
  uploaded(): Promise<number>;
  /** A secret of the secret storage, such as `m.megolm_backup.v1`: a private key in base64. */
  secret(name: string): Promise<string>;
  /** Deletes the backup and makes a new one. Resolves with its version. */
  resetBackup(): Promise<string>;
  /** The next message to the room starts another session. */
  rotateSession(roomId: string): Promise<void>;
  /**
   * Everything in a room's timeline that the server shows, oldest first. Keys that the client lacks
   * come from the backup by themselves, and those that are there are waited for.
   */
  readBack(roomId: string): Promise<SeenMessage[]>;
  /** The text of a key file with every session of this client. */
  exportFile(passphrase: string): Promise<string>;
  importFile(file: string, passphrase: string): Promise<void>;
  /**
   * Waits for a request to verify another session of this account, accepts it and resolves with the
   * emoji that the client shows.
   */
  acceptVerification(options?: {
    /** Whether the person presses "Start" and not the other side. False by default. */
    startsEmoji?: boolean;
  }): Promise<ShownEmoji[]>;
  /**
   * Says whether the emoji are the same. After "match" it waits until the other side agrees and
   * this client shows its session as verified.
   */
  answerVerification(answer: VerificationAnswer): Promise<void>;
  /** Waits for a request to verify another session of this account and declines it. */
  declineVerification(): Promise<void>;
  /** Whether this client shows a session of its own account as verified. */
  isVerified(deviceId: string): Promise<boolean>;
}

export function keysOf({ call }: Pick<ProcessLink, "call">): PersonKeys {
  return {
    setUpStorage: ({ phrase } = {}) => call("setUpKeyStorage", { phrase }),
    uploaded: () => call("keysUploaded", {}),
    secret: (name) => call("secret", { name }),
    resetBackup: () => call("resetKeyBackup", {}),
    rotateSession: (roomId) => call("rotateSession", { roomId }),
    readBack: (roomId) => call("readBack", { roomId }),
    exportFile: (passphrase) => call("exportKeyFile", { passphrase }),
    importFile: (file, passphrase) => call("importKeyFile", { file, passphrase }),
    acceptVerification: ({ startsEmoji = false } = {}) => call("acceptVerification", { startsEmoji }),
    answerVerification: (answer) => call("answerVerification", { answer }),
    declineVerification: () => call("declineVerification", {}),
    isVerified: (deviceId) => call("isDeviceVerified", { deviceId }),
  };
}
