import type { OutboxItem } from "../../../src/store/outbox-item.ts";
import type { OutboxItems } from "../../../src/store/outbox-items.ts";

/** The most urgent item that is due. */
export async function nextDue(outbox: OutboxItems, now: number): Promise<OutboxItem | null> {
  const [first] = await outbox.due(now, 1);
  return first ? outbox.get(first.id, now) : null;
}
