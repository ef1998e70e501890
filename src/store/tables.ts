import type { Generated } from "kysely";

/**
 * The tables of the newest schema (see upgrades/). Times are milliseconds since the epoch; `sealed`
 * columns hold `SealedSecrets` boxes.
 */
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
  received_file: {
    event_id: string;
    room_id: string;
    sender: string;
    sealed: Buffer;
    received_at: number;
  };
  undecrypted_event: {
    event_id: string;
    room_id: string;
    sender: string;
    event: string;
    received_at: number;
    is_told: Generated<number>;
  };
  invitation: {
    room_id: string;
    inviter: string;
    is_direct: number;
    attempts: Generated<number>;
    not_before: number;
  };
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
    crash_score: Generated<number>;
    is_private: Generated<number>;
    is_only_encrypted: Generated<number>;
    numbered_rooms: string | null;
  };
  direct_chat: { room_id: string; user_id: string; used_at: number };
  once: { subject: string; person: string; at: number };
  authorization_server: { issuer: string; server_name: string; base_url: string };
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
  kept_request: {
    id: Generated<number>;
    owner: string;
    event_id: string;
    address: string;
    request: string;
    cause: string;
    asked_at: number;
    tries: number;
    not_before: number;
    is_begun: Generated<number>;
  };
  key_copy: {
    id: Generated<number>;
    owner: string;
    purpose: string;
    state: string;
    reason: string | null;
    event_id: string;
    address: string;
    source: string | null;
    target: string | null;
    from_version: string | null;
    from_public_key: string | null;
    to_version: string | null;
    to_public_key: string | null;
    has_started_over: Generated<number>;
    batch_size: number;
    done: Generated<number>;
    total: Generated<number>;
    already_there: number | null;
    begun_at: number;
    waiting_since: number | null;
    waits: Generated<number>;
    not_before: number | null;
    sealed: Buffer | null;
    opened_until: number | null;
    was_interrupted: Generated<number>;
    progress_count: Generated<number>;
  };
  imported_account: {
    owner: string;
    user_id: string;
    imported_at: number;
    written_at: number;
    data: string | null;
    data_written_at: number | null;
  };
  imported_room: {
    owner: string;
    room_id: string;
    position: number;
    room: string;
    written_at: number;
  };
  imported_contact: {
    owner: string;
    user_id: string;
    contact: string;
    written_at: number;
  };
  copied_keys: {
    owner: string;
    source: string;
    target: string;
    from_version: string;
    from_public_key: string;
    to_version: string;
    to_public_key: string;
    expected: number;
    copied: number;
    already_there: number;
    unusable: number;
    copied_at: number;
  };
  unusable_key: { owner: string; room_id: string; count: number };
  run: {
    id: Generated<number>;
    owner: string;
    platform: Generated<string>;
    plan_number: number;
    purpose: string;
    state: string;
    stage: number;
    source: string;
    target: string;
    address: string;
    request: string;
    started_at: number;
    ended_at: number | null;
    is_cancelled: Generated<number>;
    was_interrupted: Generated<number>;
    problem: string | null;
    progress_count: Generated<number>;
    lease_owner: string | null;
    lease_epoch: Generated<number>;
    lease_until: Generated<number>;
    track: Generated<string>;
    from_file: Generated<number>;
  };
  run_room: {
    run_id: number;
    room_id: string;
    position: number;
    planned: string;
    route: string;
    status: string;
    is_inside: number;
    refusals: string;
    joined_at: number | null;
    is_replacement: number;
  };
  step: {
    id: Generated<number>;
    run_id: number;
    key: string;
    platform: Generated<string>;
    kind: string;
    side: string;
    lane: string;
    stage: number;
    limits: string;
    room_id: string | null;
    needs_room: string | null;
    after_key: string | null;
    payload: string;
    state: Generated<string>;
    is_blocked: number;
    attempts: Generated<number>;
    failures: Generated<number>;
    not_before: Generated<number>;
    waiting_for: string | null;
    outcome: string | null;
    finished_at: number | null;
    intended: string | null;
    taken_epoch: Generated<number>;
    waits_for_side: string | null;
  };
  image_copy: { run_id: number; url: string; copy: string };
  limiter: { user_id: string; name: string; state: string };
  question: {
    transaction_id: string;
    owner: string;
    room_id: string;
    address: string;
    word: string;
    action: string;
    payload: string;
    asked_at: number;
    expires_at: number;
    closed_at: number | null;
    answered_by: string | null;
    typed_words: Generated<string>;
    shown: Generated<string>;
  };
  shown_list: { owner: string; room_ids: string };
  asked_question: {
    owner: string;
    source: string;
    run_id: number;
    step_key: string;
    room_id: string;
    user_id: string;
    at: number;
    way: string;
    result: string;
    chat_room_id: string | null;
  };
  opened_chat: {
    owner: string;
    source: string;
    run_id: number;
    step_key: string;
    room_id: string | null;
    partner: string;
    opened_by: string;
    purpose: string;
    at: number;
    state: string;
  };
  announced_room: { owner: string; source: string; room_id: string; at: number };
  silent_server: { owner: string; server_name: string; at: number };
  finish_state: { owner: string; source: string; at: number; state: string };
  sign_in_link: { owner: string; side: string; sealed: Buffer };
  sign_in_attempt: {
    owner: string;
    side: string;
    user_id: string;
    base_url: string;
    device_id: string;
    started_at: number;
  };
}
