import { isJsonObject, isTooDeep, textOrNull } from "../api/json.ts";
import type { JsonObject } from "../api/json.ts";
import type { Membership } from "../rooms/types.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import { readMember } from "../rooms/state-content.ts";

/**
 * The state events of an untrusted list; a stripped state event lacks only what is optional here
 * anyway. What is none is passed over.
 */
export function stateEventsOf(list: unknown): RawStateEvent[] {
  const events: RawStateEvent[] = [];
  for (const event of Array.isArray(list) ? list : []) {
    if (!isJsonObject(event)) continue;
    const { type, state_key: stateKey, sender, content, origin_server_ts: sentAt } = event;
    if (typeof type !== "string" || typeof stateKey !== "string") continue;
    events.push({ type, state_key: stateKey, sender, content, origin_server_ts: sentAt });
  }
  return events;
}

/** The membership that the content of a member event tells; `null` for none. */
export function membershipIn(content: unknown): Membership | null {
  const member = readMember(content, null, null);
  return member.kind === "present" ? member.value.membership : null;
}

/** The last member event of a user among these. */
export function memberEventOf(userId: string, events: readonly RawStateEvent[]): RawStateEvent | undefined {
  return events.findLast((event) => event.type === "m.room.member" && event.state_key === userId);
}

/** One event of account data. */
export interface AccountDataEvent {
  readonly type: string;
  readonly content: unknown;
  /** Nested so deeply that nothing can be done with it; `content` is `null` then. */
  readonly isTooDeep: boolean;
}

export function accountDataOf(list: unknown): AccountDataEvent[] {
  const events: AccountDataEvent[] = [];
  for (const event of Array.isArray(list) ? list : []) {
    if (!isJsonObject(event)) continue;
    const type = textOrNull(event["type"]);
    if (type === null) continue;
    const tooDeep = isTooDeep(event["content"]);
    events.push({ type, content: tooDeep ? null : (event["content"] ?? {}), isTooDeep: tooDeep });
  }
  return events;
}

/**
 * A tag of a room, with its place among the rooms that have it; `null` where the client gave none
 * (CS §Room Tagging).
 */
export interface RoomTag {
  readonly name: string;
  readonly order: number | null;
}

/**
 * Reads the content of `m.tag` or of the tags endpoint; `null` stands for none (seen with
 * Dendrite).
 */
export function tagsOf(content: unknown): RoomTag[] {
  const tags = isJsonObject(content) ? content["tags"] : null;
  if (!isJsonObject(tags)) return [];
  return Object.entries(tags).map(([name, tag]) => {
    const order = isJsonObject(tag) ? tag["order"] : null;
    return { name, order: typeof order === "number" && Number.isFinite(order) ? order : null };
  });
}

/** A list or an object behind an untrusted key; anything else is nothing. */
export function objectAt(value: unknown, key: string): JsonObject {
  const inner = isJsonObject(value) ? value[key] : undefined;
  return isJsonObject(inner) ? inner : {};
}

export function countOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
