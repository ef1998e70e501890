/**
 * The classes of the native crypto package that matrix-bot-sdk uses, on top of
 * matrix-sdk-crypto-wasm, and the additions that the bot needs.
 */
export { RequestType } from "@matrix-org/matrix-sdk-crypto-wasm";
export { Attachment, EncryptedAttachment } from "./attachments.ts";
export { type CryptoLog, type StoreConfiguration, configureStore } from "./configuration.ts";
export type { CrossSigningKeys, CrossSigningRequests, CrossSigningStatus } from "./cross-signing.ts";
export type { CryptoMachine } from "./crypto-machine.ts";
export { DecryptionError } from "./decryption-error.ts";
export { EncryptionSettings } from "./encryption-settings.ts";
export { DeviceId, DeviceLists, RoomId, UserId } from "./identifiers.ts";
export { OlmMachine, StoreType } from "./olm-machine.ts";
export type { OutgoingRequest, ServerRequest, ToDeviceRequest } from "./requests.ts";
export type { RoomKey } from "./room-key.ts";
export {
  type DeviceChanges,
  type SasEmoji,
  type SasProgress,
  VerifyingMachine,
} from "./verifying-machine.ts";
