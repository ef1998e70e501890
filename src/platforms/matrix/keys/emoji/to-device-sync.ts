import { z } from "zod";
import type { SendRequest } from "./session-requests.ts";

/** A to-device event. */
export interface ToDeviceEvent {
  readonly type: string;
  readonly sender: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The part of an answer of `/sync` for a device. */
export interface SyncedChanges {
  readonly events: readonly ToDeviceEvent[];
  readonly changedUsers: readonly string[];
  readonly oneTimeKeyCounts: Readonly<Record<string, number>>;
  readonly unusedFallbackKeys: readonly string[];
}

const NOTHING = { types: [] };
/** No rooms, account data or presence. To-device events and changed devices always come. */
const FILTER = JSON.stringify({
  presence: NOTHING,
  account_data: NOTHING,
  room: {
    rooms: [],
    include_leave: false,
    account_data: NOTHING,
    ephemeral: NOTHING,
    state: { ...NOTHING, lazy_load_members: true },
    timeline: { ...NOTHING, limit: 1 },
  },
});
/** How much longer than the server may wait a request may take. */
const SPARE_MS = 20_000;

const eventSchema = z.object({
  type: z.string(),
  sender: z.string(),
  content: z.record(z.string(), z.unknown()),
});
const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((items) => items.flatMap((each) => item.safeParse(each).data ?? []));
const syncSchema = z.object({
  next_batch: z.string(),
  to_device: z
    .object({ events: listOf(eventSchema) })
    .nullish()
    .catch(undefined),
  device_lists: z
    .object({ changed: listOf(z.string()) })
    .nullish()
    .catch(undefined),
  device_one_time_keys_count: z.record(z.string(), z.number().int()).nullish().catch(undefined),
  device_unused_fallback_key_types: listOf(z.string()).nullish(),
});

/**
 * The to-device events of a session of the bot. With the next request the server deletes those that
 * it has delivered, so this is only for sessions that nobody else reads.
 */
export class ToDeviceSync {
  readonly #send: SendRequest;
  #since: string | undefined;

  constructor(send: SendRequest) {
    this.#send = send;
  }

  /** @param waitMs how long the server may wait for news */
  async next(waitMs: number): Promise<SyncedChanges> {
    const answer = syncSchema.parse(
      await this.#send({
        method: "GET",
        path: "/_matrix/client/v3/sync",
        query: {
          filter: FILTER,
          set_presence: "offline",
          timeout: String(waitMs),
          ...(this.#since === undefined ? {} : { since: this.#since }),
        },
        timeoutMs: waitMs + SPARE_MS,
      }),
    );
    this.#since = answer.next_batch;
    return {
      events: answer.to_device?.events ?? [],
      changedUsers: answer.device_lists?.changed ?? [],
      oneTimeKeyCounts: answer.device_one_time_keys_count ?? {},
      unusedFallbackKeys: answer.device_unused_fallback_key_types ?? [],
    };
  }
}
