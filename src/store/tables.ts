import type { Generated } from "kysely";

/** The tables as the newest schema has them (see upgrades/). Times are milliseconds since the epoch; `sealed` columns hold `SealedSecrets` boxes. */
export interface Tables {
  bot_state: { key: string; value: string };
  secret: { name: string; sealed: Buffer };
  received_event: {
    event_id: string;
    room_id: string | null;
    sender: string | null;
    sealed_event: Buffer | null;
    received_at: number;
    attempts: Generated<number>;
    handled_at: number | null;
  };
  undecrypted_event: {
    event_id: string;
    room_id: string;
    sender: string;
    event: string;
    received_at: number;
    is_told: Generated<number>;
  };
  invitation: { room_id: string; inviter: string; is_direct: number; attempts: Generated<number>; not_before: number };
  outbox: {
    id: Generated<number>;
    transaction_id: string;
    room_id: string;
    for_user: string | null;
    kind: string;
    content: string | null;
    attachment: Buffer | null;
    edits: string | null;
    priority: number;
    created_at: number;
    attempts: Generated<number>;
    not_before: Generated<number>;
    event_id: string | null;
    finished_at: number | null;
    failure: string | null;
  };
  once: { subject: string; person: string; at: number };
  account: {
    owner: string;
    side: string;
    user_id: string;
    base_url: string;
    method: string;
    device_id: string | null;
    signed_in_at: number;
  };
  plan: { owner: string; number: number; created_at: number; payload: string };
  shown_list: { owner: string; room_ids: string };
  sign_in_attempt: { owner: string; side: string; user_id: string; base_url: string; device_id: string; started_at: number };
}
