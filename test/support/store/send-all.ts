import type { OutboxItem } from "../../../src/store/outbox-item.ts";
import type { OutboxItems } from "../../../src/store/outbox-items.ts";
import { nextDue } from "./next-due.ts";

/** After every time at which a message may become due. */
const EVER = Number.MAX_SAFE_INTEGER - 1;

/** Records every waiting message as sent. @returns them in the order in which they are sent */
export async function sendAll(outbox: OutboxItems): Promise<OutboxItem[]> {
  const sent: OutboxItem[] = [];
  for (let item = await nextDue(outbox, EVER); item !== null; item = await nextDue(outbox, EVER)) {
    sent.push(item);
    await outbox.finish(item.id, { status: "sent", eventId: "$sent" }, 0);
  }
  return sent;
}

/** What messages of runs are about: their keys without the run, a number or progress. */
export function subjectsOf(messages: readonly OutboxItem[]): string[] {
  return messages
    .map(({ transactionId }) => transactionId.replace(/^run \d+ /u, "").replace(/ \d+$/u, ""))
    .filter((key) => !key.startsWith("progress"));
}
