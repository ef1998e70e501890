import { z } from "zod";
import type { HomeserverRequest } from "../api/homeserver-client.ts";
import { PLANNED_STATE_TYPES } from "../rooms/room-snapshot.ts";
import { maxRoomsAnswerBytes } from "./limits.ts";
import type { AccountPair } from "./room-collector.ts";

/**
 * In `unstable_features`: the server supports simplified sliding sync in its form before the merge
 * of MSC4186. Servers support no other form.
 */
export const SLIDING_SYNC_FEATURE = "org.matrix.simplified_msc3575";

const PATH = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";
const TIMEOUT_MS = 2 * 60_000;

/** `[event type, state key]`, `*` for any key. */
export type RequiredState = readonly (readonly [string, string])[];

interface SlidingSyncList {
  readonly ranges: readonly (readonly [number, number])[];
  readonly required_state: RequiredState;
  readonly timeline_limit: number;
  readonly filters?: { readonly is_invite: true };
}

interface SlidingSyncBody {
  /**
   * Never the name that a client of the person uses on the same device: each would receive the
   * other's answers.
   */
  readonly conn_id: string;
  readonly lists?: Readonly<Record<string, SlidingSyncList>>;
  readonly room_subscriptions?: Readonly<
    Record<string, { required_state: RequiredState; timeline_limit: number }>
  >;
  /**
   * Never `to_device` or `e2ee`: on the session of a person's client they would take its room keys
   * (platforms/matrix/README.md, "Reading an account").
   */
  readonly extensions: { readonly account_data?: { readonly enabled: true } };
}

const slidingSyncSchema = z.object({
  pos: z.string(),
  lists: z.record(z.string(), z.object({ count: z.number().int().nonnegative() })).nullish(),
  rooms: z.record(z.string(), z.unknown()).nullish(),
  extensions: z.unknown().optional(),
});

export type SlidingSyncAnswer = z.output<typeof slidingSyncSchema>;

/**
 * One request of simplified sliding sync.
 * @param pos the position of the last answer; `null` for a new connection
 * @param rooms the number of rooms that the answer may hold
 */
export function slidingSyncRequest(
  body: SlidingSyncBody,
  pos: string | null,
  rooms: number,
): HomeserverRequest<typeof slidingSyncSchema> {
  return {
    method: "POST",
    path: PATH,
    query: { timeout: 0, ...(pos === null ? {} : { pos }) },
    body,
    schema: slidingSyncSchema,
    timeoutMs: TIMEOUT_MS,
    maxBytes: maxRoomsAnswerBytes(rooms),
  };
}

/**
 * The state of each room that a plan needs. Members are named, so the answer does not grow with the
 * room.
 */
export function plannedState(
  { userId, otherUserId, isOtherMemberNeeded }: AccountPair,
  extraMembers: readonly string[],
): RequiredState {
  // With a member of another server in it, Synapse leaves out every room that it still fetches
  // (platforms/matrix/README.md, "Reading an account").
  const members = new Set([userId, ...(isOtherMemberNeeded ? [otherUserId] : []), ...extraMembers]);
  return [
    ...PLANNED_STATE_TYPES.map((type) => [type, ""] as const),
    ["m.space.child", "*"],
    ["m.space.parent", "*"],
    // The account's own ID instead of `$ME`: servers understand both.
    ...[...members].map((member) => ["m.room.member", member] as const),
  ];
}
