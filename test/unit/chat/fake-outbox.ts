import type { Logger } from "pino";
import { pino } from "pino";
import type { SendingClient } from "../../../src/chat/message-sender.ts";
import { MessageSender } from "../../../src/chat/message-sender.ts";
import type { OutboxOptions } from "../../../src/chat/outbox.ts";
import { Outbox } from "../../../src/chat/outbox.ts";
import type { Store } from "../../../src/store/store.ts";

/** An outbox whose recipients stay in their rooms, unless `chats` says otherwise. */
export function outboxOf(
  store: Store,
  client: SendingClient,
  {
    log = pino({ enabled: false }),
    now = () => Date.now(),
    chats = { roomFor: (_userId, roomId) => Promise.resolve(roomId) },
  }: { log?: Logger; now?: () => number; chats?: OutboxOptions["chats"] } = {},
): Outbox {
  return new Outbox({
    items: store.outbox,
    recipients: store.recipients,
    sender: new MessageSender(store.outbox, client),
    chats,
    now,
    monotonicNow: () => performance.now(),
    log,
  });
}
