import { z } from "zod";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { apiPath } from "../api/homeserver-client.ts";
import { HomeserverError, unlessAbsent } from "../api/homeserver-error.ts";
import type { Membership } from "../rooms/types.ts";
import { membershipIn } from "./raw-events.ts";

/** Power levels of a large room are well below: an event has at most 64 KiB. */
const MAX_STATE_BYTES = 1_048_576;

const contentSchema = z.unknown();
const summarySchema = z.object({ membership: z.string().optional().catch(undefined) });

/** One piece of a room's state. */
export interface StatePlace {
  readonly roomId: string;
  readonly type: string;
  /** Absent for the empty state key, which most events have. */
  readonly stateKey?: string;
}

/** A read of one piece of state. */
export interface StateQuestion extends StatePlace {
  /** Default: that of the client. */
  readonly timeoutMs?: number;
}

/**
 * The path of a state event. An empty state key is left out together with its slash: some servers
 * do not understand a path that ends in a slash.
 */
export function statePath({ roomId, type, stateKey = "" }: StatePlace): string {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/state/${type}`;
  return stateKey === "" ? path : path + apiPath`/${stateKey}`;
}

/**
 * The current content of a state event, in one request that no limit counts; `null` if there is
 * none.
 * @throws HomeserverError, UnreachableError for everything else: a failed read never counts as
 * absence
 */
export async function stateNow(
  client: Pick<HomeserverClient, "request">,
  { timeoutMs, ...place }: StateQuestion,
  signal?: AbortSignal,
): Promise<unknown> {
  const content = await unlessAbsent(
    client.request({
      method: "GET",
      path: statePath(place),
      schema: contentSchema,
      maxBytes: MAX_STATE_BYTES,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...withSignal(signal),
    }),
  );
  return content ?? null;
}

/**
 * - `none`: never a member, as far as is known.
 * - `hidden`: the account has not joined, and the server does not show the membership.
 */
export type SeenMembership = Membership | "none" | "hidden";

/**
 * A user's membership, as seen by an account that is or was in the room. An account that is only
 * invited or knocks sees nothing.
 * @throws HomeserverError, UnreachableError
 */
export async function membershipNow(
  client: Pick<HomeserverClient, "request">,
  { roomId, userId }: { roomId: string; userId: string },
  signal?: AbortSignal,
): Promise<SeenMembership> {
  try {
    const content = await stateNow(client, { roomId, type: "m.room.member", stateKey: userId }, signal);
    return membershipIn(content) ?? "none";
  } catch (error) {
    if (error instanceof HomeserverError && isNotShown(error)) return "hidden";
    throw error;
  }
}

/**
 * An account's own membership in a room that it has not joined, by the room's summary (CS v1.15,
 * optional). The request goes to other servers, so it is only for rooms in which no member can be
 * asked.
 * @throws HomeserverError, UnreachableError
 */
export async function ownMembershipOutside(
  client: Pick<HomeserverClient, "request">,
  { roomId, via }: { roomId: string; via: readonly string[] },
  signal?: AbortSignal,
): Promise<SeenMembership> {
  const path = apiPath`/_matrix/client/v1/room_summary/${roomId}`;
  try {
    const summary = await client.request({
      method: "GET",
      path,
      query: { via },
      schema: summarySchema,
      isRelayed: true,
      ...withSignal(signal),
    });
    return membershipIn(summary) ?? "hidden";
  } catch (error) {
    // A summary over federation fails if the other server fails.
    if (
      error instanceof HomeserverError &&
      (isNotShown(error) || error.status === 400 || error.status >= 500)
    )
      return "hidden";
    throw error;
  }
}

/**
 * Whether an account may have a pending invitation to a room that it has not joined. Only its own
 * server is asked, which may not show it.
 */
export async function mayBeInvited(
  client: Pick<HomeserverClient, "request">,
  roomId: string,
): Promise<boolean> {
  const seen = await ownMembershipOutside(client, { roomId, via: [] });
  return seen === "invite" || seen === "hidden";
}

function isNotShown({ status, errcode }: HomeserverError): boolean {
  return status === 404 || status === 405 || (status === 403 && errcode === "M_FORBIDDEN");
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
