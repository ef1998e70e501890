import type { Kysely } from "kysely";
import type { Side } from "../model/account.ts";
import type { Tables } from "./tables.ts";

/**
 * Why something is stored about a person: a message or an invitation of theirs, their pending
 * sign-in, their kept request, their work with keys, or their run. `!forget` erases these rows or
 * the name in them, so that work that began before it cannot store the person again.
 */
export type Cause =
  | { kind: "event"; id: string }
  | { kind: "undecrypted"; id: string }
  | { kind: "invitation"; roomId: string }
  | { kind: "link"; side: Side }
  | { kind: "kept"; id: number }
  | { kind: "key_copy"; id: number }
  | { kind: "run"; id: number };

/**
 * Whether the cause is still stored under the name of the person.
 * @param cause `null`: nothing stored, so it cannot be erased
 */
export async function isStillKnown(
  database: Kysely<Tables>,
  person: string,
  cause: Cause | null,
): Promise<boolean> {
  return cause === null || (await rowOf(database, person, cause)) !== undefined;
}

function rowOf(database: Kysely<Tables>, person: string, cause: Cause): Promise<unknown> {
  switch (cause.kind) {
    case "event":
      return database
        .selectFrom("received_event")
        .select("event_id")
        .where("event_id", "=", cause.id)
        .where("sender", "=", person)
        .executeTakeFirst();
    case "undecrypted":
      return database
        .selectFrom("undecrypted_event")
        .select("event_id")
        .where("event_id", "=", cause.id)
        .where("sender", "=", person)
        .executeTakeFirst();
    case "invitation":
      return database
        .selectFrom("invitation")
        .select("room_id")
        .where("room_id", "=", cause.roomId)
        .where("inviter", "=", person)
        .executeTakeFirst();
    case "link":
      return database
        .selectFrom("sign_in_link")
        .select("side")
        .where("owner", "=", person)
        .where("side", "=", cause.side)
        .executeTakeFirst();
    case "kept":
      return database
        .selectFrom("kept_request")
        .select("id")
        .where("id", "=", cause.id)
        .where("owner", "=", person)
        .executeTakeFirst();
    case "key_copy":
      return database
        .selectFrom("key_copy")
        .select("id")
        .where("id", "=", cause.id)
        .where("owner", "=", person)
        .executeTakeFirst();
    case "run":
      return database
        .selectFrom("run")
        .select("id")
        .where("id", "=", cause.id)
        .where("owner", "=", person)
        .executeTakeFirst();
  }
}
