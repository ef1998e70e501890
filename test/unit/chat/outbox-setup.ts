import { pino } from "pino";
import { vi } from "vitest";
import type { NewOutboxItem } from "../../../src/store/outbox-item.ts";
import { outboxPriority } from "../../../src/store/outbox-item.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { fakeClient } from "./fake-client.ts";
import { outboxOf } from "./fake-outbox.ts";

/** Occurs in no log. */
export const SECRET = "words in confidence";

/** A message to send. */
export function item(transactionId: string, changes: Partial<NewOutboxItem> = {}): NewOutboxItem {
  return {
    transactionId,
    roomId: "!room",
    forUser: "@me:x.org",
    cause: null,
    kind: "message",
    content: { msgtype: "m.notice", body: transactionId, "m.mentions": {} },
    priority: outboxPriority.answer,
    ...changes,
  };
}

/** A store, a fake server, and the outbox between them. */
export async function setUp(options: Parameters<typeof fakeClient>[0] = {}) {
  const { store, reopen } = await temporaryStore();
  const fake = fakeClient(options);
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const outbox = (from: Store = store) => outboxOf(from, fake.client, { log });
  return { ...fake, store, reopen, outbox, lines };
}

/** Moves the clock forward and runs everything that becomes due. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** Fails the first requests whose path contains the text. */
export function failing(matches: string, failure: unknown, times = 1) {
  let left = times;
  return ({ path }: { path: string }): undefined => {
    if (path.includes(matches) && left-- > 0) throw failure;
  };
}
