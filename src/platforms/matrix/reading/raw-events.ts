import type { JsonObject } from "../api/json.ts";
import { countValues, isJsonObject, textOrNull } from "../api/json.ts";
import type { RawStateEvent } from "../rooms/room-snapshot.ts";
import { readMember } from "../rooms/state-content.ts";
import type { KnownMember, Membership } from "../rooms/types.ts";

/**
 * The state events of an untrusted list. Entries that are not state events are ignored. Stripped
 * state events lack only optional fields.
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

/** The membership in the content of a member event; `null` if there is none. */
export function membershipIn(content: unknown): Membership | null {
  const member = readMember(content, null, null);
  return member.kind === "present" ? member.value.membership : null;
}

/** A user who has not joined, as far as is known. */
export const ABSENT_MEMBER: KnownMember = { membership: "leave", displayName: null, lastActiveAt: null };

/** The member that a member event describes; absent if there is no membership in its content. */
export function knownMember(content: unknown): KnownMember {
  const member = readMember(content, null, null);
  if (member.kind !== "present") return ABSENT_MEMBER;
  return { membership: member.value.membership, displayName: member.value.displayName, lastActiveAt: null };
}

/** The last member event of a user in a list. */
export function memberEventOf(userId: string, events: readonly RawStateEvent[]): RawStateEvent | undefined {
  return events.findLast((event) => event.type === "m.room.member" && event.state_key === userId);
}

/** One event of account data. */
export interface AccountDataEvent {
  readonly type: string;
  readonly content: unknown;
  /** The number of its values; `null` if it cannot be processed. `content` is `null` then. */
  readonly values: number | null;
}

/** The account data of an untrusted list. Entries without a type are ignored. */
export function accountDataOf(list: unknown): AccountDataEvent[] {
  const events: AccountDataEvent[] = [];
  for (const event of Array.isArray(list) ? list : []) {
    if (!isJsonObject(event)) continue;
    const type = textOrNull(event["type"]);
    if (type === null) continue;
    const values = countValues(event["content"]);
    events.push({ type, content: values === null ? null : (event["content"] ?? {}), values });
  }
  return events;
}

/**
 * A tag of a room. `order` is the room's place among the rooms with that tag; `null` if the client
 * gave none (CS §Room Tagging).
 */
export interface RoomTag {
  readonly name: string;
  readonly order: number | null;
}

/**
 * Reads the content of `m.tag`, or an answer of the tags endpoint. Dendrite answers `"tags": null`
 * for none (measured). Some clients have written the order as text (matrix-org/synapse#10519).
 */
export function tagsOf(content: unknown): RoomTag[] {
  const tags = isJsonObject(content) ? content["tags"] : null;
  if (!isJsonObject(tags)) return [];
  return Object.entries(tags).map(([name, tag]) => {
    const order = isJsonObject(tag) ? tag["order"] : null;
    const number = typeof order === "string" && order.trim() !== "" ? Number(order) : order;
    return { name, order: typeof number === "number" && Number.isFinite(number) ? number : null };
  });
}

/** The object behind an untrusted key; empty for anything else. */
export function objectAt(value: unknown, key: string): JsonObject {
  const inner = isJsonObject(value) ? value[key] : undefined;
  return isJsonObject(inner) ? inner : {};
}

/** An untrusted count; `null` if it is not a non-negative integer. */
export function countOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
