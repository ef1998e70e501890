import type { Transaction } from "kysely";
import type { ContactChange } from "../model/contact.ts";
import type { Tables } from "./tables.ts";

/** The step whose outcome changes the records. */
export interface ContactStep {
  readonly runId: number;
  readonly key: string;
}

interface RecordedFor {
  readonly owner: string;
  readonly source: string;
  readonly step: ContactStep;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Writes what the outcome of a step changes in the records of its run's owner, within the caller's
 * transaction. Writing the same again changes nothing.
 */
export async function recordContact(
  transaction: Transaction<Tables>,
  step: ContactStep,
  changes: readonly ContactChange[],
  now: number,
): Promise<void> {
  if (changes.length === 0) return;
  const run = await transaction
    .selectFrom("run")
    .select(["owner", "source"])
    .where("id", "=", step.runId)
    .executeTakeFirst();
  if (run === undefined) return;
  for (const change of changes) await recordChange(transaction, { ...run, step, now }, change);
}

async function recordChange(
  transaction: Transaction<Tables>,
  { owner, source, step, now }: RecordedFor,
  change: ContactChange,
): Promise<void> {
  const of = { owner, source };
  switch (change.kind) {
    case "asked": {
      const result = { way: change.way, result: change.result, chat_room_id: change.chatRoomId };
      const by = { run_id: step.runId, step_key: step.key };
      for (const room_id of change.roomIds)
        for (const user_id of change.userIds)
          await transaction
            .insertInto("asked_question")
            .values({ ...of, ...by, room_id, user_id, at: now, ...result })
            .onConflict((conflict) =>
              conflict.columns(["run_id", "step_key", "room_id", "user_id"]).doUpdateSet(result),
            )
            .execute();
      return;
    }
    case "chat":
      await transaction
        .updateTable("opened_chat")
        .set({ room_id: change.roomId, state: change.state })
        .where("run_id", "=", step.runId)
        .where("step_key", "=", step.key)
        .execute();
      return;
    case "announced":
      await transaction
        .insertInto("announced_room")
        .values({ ...of, room_id: change.roomId, at: now })
        .onConflict((conflict) => conflict.columns(["owner", "source", "room_id"]).doUpdateSet({ at: now }))
        .execute();
      return;
    case "server":
      await recordServer(transaction, { owner, now }, change);
      return;
  }
}

async function recordServer(
  transaction: Transaction<Tables>,
  { owner, now }: Pick<RecordedFor, "owner" | "now">,
  { serverName, isSilent }: Extract<ContactChange, { kind: "server" }>,
): Promise<void> {
  const row = { owner, server_name: serverName };
  await transaction
    .deleteFrom("silent_server")
    .where("owner", "=", owner)
    .where("server_name", "=", serverName)
    .execute();
  if (isSilent)
    await transaction
      .insertInto("silent_server")
      .values({ ...row, at: now })
      .execute();
}
