import { z } from "zod";

/** The content of a Matrix event, of unknown shape. */
export const eventContentSchema = z.record(z.string(), z.unknown());
/** The content of a Matrix event, of unknown shape. */
export type EventContent = z.infer<typeof eventContentSchema>;

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const relationSchema = z.object({
  /** `m.replace`, `m.annotation`, `m.thread`, … or `m.in_reply_to` for a plain reply. */
  type: z.string(),
  eventId: z.string(),
  /** The key of a reaction. */
  key: z.string().optional(),
});

/**
 * One timeline event as the person's client shows it now. A later decryption, edit or redaction
 * replaces the whole value.
 */
export const seenMessageSchema = z.object({
  roomId: z.string(),
  eventId: z.string(),
  sender: z.string(),
  /** The decrypted type; `m.room.encrypted` while, or because, it could not be decrypted. */
  type: z.string(),
  /** Present on state events only. */
  stateKey: z.string().optional(),
  /** The first content, decrypted; empty once redacted. */
  content: eventContentSchema,
  /** `m.new_content` of the newest valid edit. */
  latestEditContent: eventContentSchema.optional(),
  isEncrypted: z.boolean(),
  /** The client's failure code, such as `MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE`. */
  decryptionFailure: z.string().optional(),
  /**
   * Colour and reason of the shield beside the message, such as `red UNSIGNED_DEVICE`; null for no
   * shield.
   */
  shield: z.string().nullable(),
  isRedacted: z.boolean(),
  relation: relationSchema.nullable(),
  /** The clock of the sender's server, in milliseconds. */
  timestamp: z.number(),
});
/** One timeline event as the person's client shows it now. */
export type SeenMessage = z.infer<typeof seenMessageSchema>;

const memberSchema = z.object({
  userId: z.string(),
  membership: z.string(),
  displayName: z.string().optional(),
  /** Infinite for the creators of a room of version 12. */
  powerLevel: z.union([z.number(), z.literal(Infinity)]),
});
/** A member of a room as the person's client knows it. */
export type RoomMemberView = z.infer<typeof memberSchema>;

const createRoomSchema = z.object({
  name: z.string().optional(),
  /** The local part of an alias, without `#` and server name. */
  alias: z.string().optional(),
  invite: z.array(z.string()).optional(),
  encrypted: z.boolean().optional(),
  preset: z.enum(["private_chat", "public_chat", "trusted_private_chat"]).optional(),
  /** Content merged over the server's default `m.room.power_levels`. */
  powerLevels: eventContentSchema.optional(),
  roomVersion: z.string().optional(),
});
/** What a person may choose for a new room. */
export type NewRoom = z.infer<typeof createRoomSchema>;

const fileSchema = z.object({ name: z.string(), mimetype: z.string(), bytes: bytesSchema });

const emojiSchema = z.object({
  symbol: z.string(),
  /** Its English name. */
  name: z.string(),
});
/** One of the seven emoji of a verification. */
export type ShownEmoji = z.infer<typeof emojiSchema>;

const verificationAnswerSchema = z.enum(["match", "mismatch", "cancel"]);
/** The person's answer to the question whether the emoji are the same. */
export type VerificationAnswer = z.infer<typeof verificationAnswerSchema>;

const inRoom = z.object({ roomId: z.string() });
const nothing = z.undefined();

/** Everything that the driver may request from the person's process: parameters and result. */
export const operations = {
  start: {
    params: z.object({
      baseUrl: z.string(),
      userId: z.string(),
      password: z.string().optional(),
      accessToken: z.string().optional(),
      deviceId: z.string().optional(),
      displayName: z.string().optional(),
      encryption: z.boolean(),
      crossSigning: z.boolean(),
      onlyTrustSignedDevices: z.boolean(),
      recoveryKey: z.string().optional(),
    }),
    result: z.object({ deviceId: z.string(), accessToken: z.string() }),
  },
  createDirectChat: { params: z.object({ userId: z.string(), encrypted: z.boolean() }), result: z.string() },
  createRoom: { params: createRoomSchema, result: z.string() },
  invite: { params: inRoom.extend({ userId: z.string() }), result: nothing },
  join: { params: z.object({ roomIdOrAlias: z.string(), via: z.array(z.string()) }), result: z.string() },
  leave: { params: inRoom, result: nothing },
  sendEvent: { params: inRoom.extend({ type: z.string(), content: eventContentSchema }), result: z.string() },
  sendState: {
    params: inRoom.extend({ type: z.string(), stateKey: z.string(), content: eventContentSchema }),
    result: z.string(),
  },
  redact: { params: inRoom.extend({ eventId: z.string() }), result: z.string() },
  sendFile: { params: inRoom.extend({ file: fileSchema }), result: z.string() },
  downloadFile: { params: z.object({ content: eventContentSchema }), result: bytesSchema },
  members: { params: inRoom, result: z.array(memberSchema) },
  signedDevices: { params: z.object({ userId: z.string() }), result: z.array(z.string()) },
  setUpKeyStorage: { params: z.object({ phrase: z.string().optional() }), result: z.string() },
  keysUploaded: { params: z.object({}), result: z.number() },
  secret: { params: z.object({ name: z.string() }), result: z.string() },
  resetKeyBackup: { params: z.object({}), result: z.string() },
  rotateSession: { params: inRoom, result: nothing },
  readBack: { params: inRoom, result: z.array(seenMessageSchema) },
  exportKeyFile: { params: z.object({ passphrase: z.string() }), result: z.string() },
  importKeyFile: { params: z.object({ file: z.string(), passphrase: z.string() }), result: nothing },
  acceptVerification: { params: z.object({ startsEmoji: z.boolean() }), result: z.array(emojiSchema) },
  answerVerification: { params: z.object({ answer: verificationAnswerSchema }), result: nothing },
  declineVerification: { params: z.object({}), result: nothing },
  isDeviceVerified: { params: z.object({ deviceId: z.string() }), result: z.boolean() },
  stop: { params: z.object({}), result: nothing },
} as const;
type Operations = typeof operations;
export type OperationName = keyof Operations;
export type OperationParams<Name extends OperationName> = z.infer<Operations[Name]["params"]>;
export type OperationResult<Name extends OperationName> = z.infer<Operations[Name]["result"]>;

function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

/** From the driver to the person's process. */
export const requestSchema = z.object({
  id: z.number(),
  operation: z.string().refine(isOperationName),
  params: z.unknown(),
});

const answerSchema = z.object({ kind: z.literal("answer"), id: z.number(), result: z.unknown() });
const refusalSchema = z.object({
  kind: z.literal("refusal"),
  id: z.number(),
  message: z.string(),
  errcode: z.string().optional(),
  status: z.number().optional(),
});
const messageNoticeSchema = z.object({
  kind: z.literal("message"),
  message: seenMessageSchema,
  /** Set for an event found late, in a gap of the sync: the event that follows it. */
  before: z.string().optional(),
});
const membershipNoticeSchema = z.object({
  kind: z.literal("membership"),
  roomId: z.string(),
  userId: z.string(),
  membership: z.string(),
  /** The user who caused it, such as the inviter. */
  sender: z.string(),
});

/** From the person's process to the driver. */
export const reportSchema = z.discriminatedUnion("kind", [
  answerSchema,
  refusalSchema,
  messageNoticeSchema,
  membershipNoticeSchema,
]);
export type PersonReport = z.infer<typeof reportSchema>;
export type MembershipNotice = z.infer<typeof membershipNoticeSchema>;
