import type { CryptoMachine } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { createDispatch } from "../commands/dispatch.ts";
import type { Cause } from "../store/cause.ts";
import type { ChatOptions } from "./chat-options.ts";
import { monotonicNow } from "./chat-options.ts";
import { Confirmations } from "./confirmations.ts";
import { Conversations } from "./conversations.ts";
import { markKeysAsLost } from "./encryption.ts";
import { Inbox } from "./inbox.ts";
import { MessageSender } from "./message-sender.ts";
import { Outbox } from "./outbox.ts";
import { type ControlRooms } from "./rooms/control-rooms.ts";
import { DirectChats } from "./rooms/direct-chats.ts";
import { InvitationHandler } from "./rooms/invitations.ts";
import { EmptyRooms } from "./rooms/leave-empty-rooms.ts";
import { Rooms } from "./rooms/rooms.ts";
import { ChatRouter } from "./router.ts";
import { type BotClient } from "./sync/bot-client.ts";
import { UndecryptableMessages } from "./undecrypted.ts";

/** The connection to the bot's homeserver that the parts use. */
export interface Connection {
  client: BotClient;
  machine: CryptoMachine;
  displayName: string | null;
  deviceId: string;
  controlRooms: ControlRooms;
}

/** Makes the parts of the chat. */
export function createChatParts(
  { configuration, store, commands, confirmable, isPermitted, isOnOwnServer, now, log }: ChatOptions,
  { client, machine, displayName, deviceId, controlRooms }: Connection,
) {
  const { userId } = configuration.bot;
  const { directChats } = configuration;
  const { questions } = store;
  const names = { prefix: configuration.prefix, userId, displayName };
  const rooms = new Rooms(client, { controlRooms, directChats });
  const chats = new DirectChats({
    rows: store.directChats,
    items: store.outbox,
    recipients: store.recipients,
    currentOf: (roomId) => controlRooms.currentOf(roomId),
    rooms,
    now,
  });
  const outbox = new Outbox({
    items: store.outbox,
    recipients: store.recipients,
    sender: new MessageSender(store.outbox, client),
    chats,
    now,
    monotonicNow,
    log,
  });
  const onDirectChat = async (roomId: string, userId: string, cause: Cause): Promise<void> => {
    if (await chats.opened(roomId, userId, cause)) outbox.wake();
  };
  const conversations = new Conversations({
    outbox,
    questions,
    controlRoomIds: controlRooms.ids,
    rooms,
    directChatOf: (userId) => chats.newestOf(userId),
    onDirectChat,
    now,
  });
  const dispatch = createDispatch({
    names,
    commands,
    isPermitted,
    isKnown: (userId) => store.holdsRowsOf(userId),
    once: (subject, { sender, eventId }) =>
      store.sentOnce.take({ subject, person: sender, cause: { kind: "event", id: eventId } }, now()),
    now,
    log,
  });
  const confirmations = new Confirmations({
    questions,
    outbox,
    names,
    commands,
    actions: confirmable,
    isPermitted,
    conversations,
    now,
    log,
  });
  const { receivedEvents, receivedFiles } = store;
  const inbox = new Inbox({
    ...{ userId, receivedEvents, receivedFiles, conversations, confirmations, dispatch },
    ...{ isPermitted, now, log },
  });
  const undecrypted = new UndecryptableMessages({
    events: store.undecryptedEvents,
    receivedEvents,
    client,
    machine,
    rooms,
    outbox,
    userId,
    isPermitted,
    onDecrypted: (roomId, event) => inbox.receive(roomId, event, { wasEncrypted: true }),
    now,
    log,
  });
  const invitations = new InvitationHandler({
    invitations: store.invitations,
    client,
    rooms,
    controlRooms,
    directChats,
    isPermitted,
    isOnOwnServer,
    onDirectChat,
    now,
    log,
  });
  const emptyRooms = new EmptyRooms({ client, rooms, controlRooms, log });
  const router = new ChatRouter({
    inbox,
    undecrypted,
    invitations,
    rooms,
    emptyRooms,
    directChats: chats,
    controlRooms,
    onReturned: (roomId, joined) => {
      chats
        .returned(roomId, joined)
        .then((isAwaited) => isAwaited && outbox.wake())
        .catch((error: unknown) =>
          log.warn({ err: error, roomId }, "the members of a room could not be read"),
        );
    },
    markKeysAsLost: () => markKeysAsLost(store.bot, deviceId),
    monotonicNow,
  });
  return { conversations, chats, router, inbox, outbox, invitations, undecrypted };
}
