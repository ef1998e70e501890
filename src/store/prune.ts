import type { Kysely } from "kysely";
import { UNFINISHED_RUN_STATES } from "../model/run-states.ts";
import { UNTIL_CHAT_OPENS } from "./outbox-item.ts";
import type { Tables } from "./tables.ts";

/** The number of rows that one statement deletes. The process does nothing else meanwhile. */
const MAX_ROWS_PER_PART = 1_000;

/**
 * Deletes many rows in parts, with a chance for other work in between.
 * @param deletePart deletes at most so many rows
 * @throws the reason of the signal when it aborts
 */
async function deleteInParts(
  deletePart: (count: number) => Promise<{ numDeletedRows: bigint }>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const { numDeletedRows } = await deletePart(MAX_ROWS_PER_PART);
    if (numDeletedRows < BigInt(MAX_ROWS_PER_PART)) return;
    await new Promise(setImmediate);
  }
}

/**
 * Removes old messages, except those that may be edited: messages of people with a run that is not
 * over, and messages with a newer edit. Without its row, an edit would be sent as a new message.
 */
export async function pruneMessages(
  database: Kysely<Tables>,
  finishedBefore: number,
  signal?: AbortSignal,
): Promise<void> {
  const old = database
    .selectFrom("outbox as old")
    .select("old.id")
    .where("old.finished_at", "<", finishedBefore)
    .where((expression) =>
      expression.not(
        expression.exists(
          expression
            .selectFrom("run")
            .select("run.id")
            .whereRef("run.owner", "=", "old.for_user")
            .where("run.state", "in", UNFINISHED_RUN_STATES),
        ),
      ),
    )
    .where((expression) => {
      const edits = expression
        .selectFrom("outbox as edit")
        .select("edit.id")
        .whereRef("edit.edits", "=", "old.transaction_id")
        .where((edit) =>
          edit.or([edit("edit.finished_at", "is", null), edit("edit.finished_at", ">=", finishedBefore)]),
        );
      return expression.not(expression.exists(edits));
    });
  await deleteInParts(
    (count) => database.deleteFrom("outbox").where("id", "in", old.limit(count)).executeTakeFirst(),
    signal,
  );
  // Items that have waited that long for a chat with their recipient.
  await database
    .deleteFrom("outbox")
    .where("finished_at", "is", null)
    .where("not_before", "=", UNTIL_CHAT_OPENS)
    .where("created_at", "<", finishedBefore)
    .execute();
}

/** Removes the IDs of events that were handled long ago. No server delivers them again. */
export async function pruneEvents(
  database: Kysely<Tables>,
  handledBefore: number,
  signal?: AbortSignal,
): Promise<void> {
  const old = database
    .selectFrom("received_event as old")
    .select("old.event_id")
    .where("old.handled_at", "<", handledBefore);
  await deleteInParts(
    (count) =>
      database.deleteFrom("received_event").where("event_id", "in", old.limit(count)).executeTakeFirst(),
    signal,
  );
}

/**
 * Removes the rate limits of accounts that are neither signed in nor part of an open run, old
 * sign-ins and kept requests that were never finished, old work with keys, servers that did not
 * answer long ago, and what was copied for people without accounts.
 */
export async function pruneUnused(database: Kysely<Tables>, before: number): Promise<void> {
  const unfinished = database.selectFrom("run").where("state", "in", UNFINISHED_RUN_STATES);
  await database
    .deleteFrom("limiter")
    .where("user_id", "not in", database.selectFrom("account").select("user_id"))
    .where("user_id", "not in", unfinished.select("source"))
    .where("user_id", "not in", unfinished.select("target"))
    .execute();
  await database.deleteFrom("sign_in_attempt").where("started_at", "<", before).execute();
  await database.deleteFrom("kept_request").where("asked_at", "<", before).execute();
  await database.deleteFrom("silent_server").where("at", "<", before).execute();
  await database
    .deleteFrom("key_copy")
    .where("begun_at", "<", before)
    .where("opened_until", "is", null)
    .execute();
  const owners = database.selectFrom("account").select("owner");
  await database
    .deleteFrom("copied_keys")
    .where("copied_at", "<", before)
    .where("owner", "not in", owners)
    .execute();
  await database
    .deleteFrom("unusable_key")
    .where("owner", "not in", database.selectFrom("copied_keys").select("owner"))
    .execute();
}
