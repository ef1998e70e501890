import type { Logger } from "pino";
import type { PersonKeys } from "./person-keys.ts";
import { keysOf } from "./person-keys.ts";
import { openProcessLink } from "./process-link.ts";
import type { EventContent, NewRoom, RoomMemberView, SeenMessage } from "./protocol.ts";
import type { MessageFilter } from "./seen-messages.ts";
import { createSeenMessages } from "./seen-messages.ts";

export type { EventContent, NewRoom, RoomMemberView, SeenMessage } from "./protocol.ts";
export type { MessageFilter } from "./seen-messages.ts";
export { contentOf, textOf } from "./seen-messages.ts";

/** How a person signs in: by password as a new device, or as an existing device. */
export type PersonCredentials =
  | { password: string }
  | {
      accessToken: string;
      deviceId: string;
      /** Needed only to replace cross-signing keys. */ password?: string;
    };

export type PersonOptions = PersonCredentials & {
  /** The homeserver's client-server address. */
  baseUrl: string;
  userId: string;
  displayName?: string;
  /** True by default. */
  encryption?: boolean;
  /**
   * True by default: makes or replaces the person's cross-signing keys, so that this device is
   * signed by its owner.
   */
  crossSigning?: boolean;
  /**
   * Of the account's key storage. This device then gets the existing cross-signing keys and opens
   * the backup, as when a person types the recovery key in a new session of Element.
   */
  recoveryKey?: string;
  /**
   * MSC4153: neither sends keys to, nor shows messages from, devices that their owner has not
   * signed.
   */
  onlyTrustSignedDevices?: boolean;
  /**
   * Called with every timeline event when it arrives, and again whenever it looks different, with
   * its previous look.
   */
  onMessage?: (message: SeenMessage, previous: SeenMessage | undefined) => void;
  log?: Logger;
};

/**
 * Somebody who chats with the bot: matrix-js-sdk, the client library of Element, in a process of
 * its own.
 */
export interface Person extends AsyncDisposable {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly processId: number | undefined;
  readonly keys: PersonKeys;
  /**
   * Creates a direct chat, invites the other user and adds it to `m.direct`. Resolves once messages
   * can be sent.
   */
  createDirectChat(userId: string, options: { encrypted: boolean }): Promise<string>;
  createRoom(room: NewRoom): Promise<string>;
  invite(roomId: string, userId: string): Promise<void>;
  /**
   * Resolves with the room ID once the client has the room. `via` names servers to join through.
   */
  join(roomIdOrAlias: string, via?: string[]): Promise<string>;
  leave(roomId: string): Promise<void>;
  /**
   * Sends a text as Element does, `m.mentions` included. `extra` is merged over its content.
   * Resolves with the event ID.
   */
  say(roomId: string, text: string, extra?: EventContent): Promise<string>;
  edit(roomId: string, eventId: string, text: string): Promise<string>;
  react(roomId: string, eventId: string, key: string): Promise<string>;
  redact(roomId: string, eventId: string): Promise<string>;
  /** Sends a file, encrypted in encrypted rooms. */
  sendFile(roomId: string, file: { name: string; mimetype: string; bytes: Uint8Array }): Promise<string>;
  /** The bytes of the file in a message. An encrypted one is decrypted and its hash is checked. */
  downloadFile(message: SeenMessage): Promise<Buffer>;
  sendEvent(roomId: string, type: string, content: EventContent): Promise<string>;
  sendState(roomId: string, type: string, stateKey: string, content: EventContent): Promise<string>;
  members(roomId: string): Promise<RoomMemberView[]>;
  /**
   * IDs of a user's devices that the client knows as signed by their owner. Keys go only to those
   * if the person trusts no others.
   */
  signedDevices(userId: string): Promise<string[]>;
  /**
   * Everything seen in the room's timeline so far, state events and edits included, in the
   * timeline's order.
   */
  messages(roomId: string): SeenMessage[];
  /**
   * The first message that matches, past or future. Each message is checked again when it is
   * decrypted, edited or redacted. An edit itself is not a message. The timeout's error lists what
   * was seen instead.
   */
  waitForMessage(
    roomId: string,
    predicate: (message: SeenMessage) => boolean,
    filter?: MessageFilter,
  ): Promise<SeenMessage>;
  /** The room ID of a pending invitation. Nothing is accepted automatically. */
  waitForInvite(options?: { from?: string; timeoutMs?: number }): Promise<string>;
  /**
   * Waits until this membership of that user has been seen in the room, for instance until the bot
   * has joined.
   */
  waitForMembership(
    roomId: string,
    userId: string,
    membership: string,
    options?: { timeoutMs?: number },
  ): Promise<void>;
  /** Ends the process. The device stays signed in on the server. */
  stop(): Promise<void>;
}

/**
 * Starts a person's client and waits for its first sync.
 *
 * @throws PersonError when signing in, encryption or the process itself fails
 */
export async function startPerson(options: PersonOptions): Promise<Person> {
  const {
    baseUrl,
    userId,
    displayName,
    encryption = true,
    crossSigning = true,
    onlyTrustSignedDevices = false,
    recoveryKey,
    onMessage,
    log,
  } = options;
  const seen = createSeenMessages();
  const link = openProcessLink(
    userId,
    (notice) => {
      if (notice.kind === "membership") {
        seen.recordMembership(notice);
        return;
      }
      const previous = seen.record(notice.message, notice.before);
      onMessage?.(notice.message, previous);
    },
    (error) => seen.close(error),
    log,
  );

  let session;
  try {
    const { password } = options;
    const [accessToken, deviceId] = "accessToken" in options ? [options.accessToken, options.deviceId] : [];
    session = await link.call("start", {
      ...{
        baseUrl,
        userId,
        password,
        accessToken,
        deviceId,
        displayName,
        encryption,
        crossSigning,
        onlyTrustSignedDevices,
        recoveryKey,
      },
    });
  } catch (error) {
    await link.end();
    throw error;
  }
  log?.debug({ userId, deviceId: session.deviceId, processId: link.pid }, "A person's client is ready");

  function sendEvent(roomId: string, type: string, content: EventContent): Promise<string> {
    return link.call("sendEvent", { roomId, type, content });
  }
  function say(roomId: string, text: string, extra: EventContent = {}): Promise<string> {
    return sendEvent(roomId, "m.room.message", { ...textContent(text), ...extra });
  }

  return {
    userId,
    deviceId: session.deviceId,
    accessToken: session.accessToken,
    processId: link.pid,
    keys: keysOf(link),
    createDirectChat: (userId, { encrypted }) => link.call("createDirectChat", { userId, encrypted }),
    createRoom: (room) => link.call("createRoom", room),
    invite: (roomId, userId) => link.call("invite", { roomId, userId }),
    join: (roomIdOrAlias, via = []) => link.call("join", { roomIdOrAlias, via }),
    leave: (roomId) => link.call("leave", { roomId }),
    say,
    edit(roomId, eventId, text) {
      return sendEvent(roomId, "m.room.message", {
        ...textContent(`* ${text}`),
        "m.new_content": textContent(text),
        "m.relates_to": { rel_type: "m.replace", event_id: eventId },
      });
    },
    react(roomId, eventId, key) {
      return sendEvent(roomId, "m.reaction", {
        "m.relates_to": { rel_type: "m.annotation", event_id: eventId, key },
      });
    },
    redact: (roomId, eventId) => link.call("redact", { roomId, eventId }),
    sendFile: (roomId, file) => link.call("sendFile", { roomId, file }),
    async downloadFile({ content }) {
      const bytes = await link.call("downloadFile", { content });
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    sendEvent,
    sendState: (roomId, type, stateKey, content) =>
      link.call("sendState", { roomId, type, stateKey, content }),
    members: (roomId) => link.call("members", { roomId }),
    signedDevices: (otherId) => link.call("signedDevices", { userId: otherId }),
    messages: (roomId) => seen.inRoom(roomId),
    waitForMessage: (roomId, predicate, filter) => seen.waitForMessage(roomId, predicate, filter),
    async waitForInvite({ from, timeoutMs } = {}) {
      const { roomId } = await seen.waitForMembership(
        (notice) =>
          notice.userId === userId &&
          notice.membership === "invite" &&
          (from === undefined || notice.sender === from),
        `An invitation of ${userId}${from === undefined ? "" : ` by ${from}`}`,
        timeoutMs,
      );
      return roomId;
    },
    async waitForMembership(roomId, memberId, membership, { timeoutMs } = {}) {
      await seen.waitForMembership(
        (notice) =>
          notice.roomId === roomId && notice.userId === memberId && notice.membership === membership,
        `The membership "${membership}" of ${memberId}`,
        timeoutMs,
      );
    },
    stop: () => link.end(),
    [Symbol.asyncDispose]: () => link.end(),
  };
}

// `m.mentions` is sent even when empty. Without it the old push rules notify people by their names.
function textContent(text: string): EventContent {
  return { msgtype: "m.text", body: text, "m.mentions": {} };
}
