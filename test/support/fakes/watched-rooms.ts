import type { Side } from "../../../src/model/account.ts";
import type { RouteRefusal } from "../../../src/model/route-refusals.ts";
import type { WatchedRoom } from "../../../src/platforms/matrix/watch/access-change.ts";
import { lookForAccessChanges } from "../../../src/platforms/matrix/watch/look-for-access-changes.ts";
import type { Look } from "../../../src/platforms/matrix/watch/look.ts";
import type { WatchingAccount } from "../../../src/platforms/matrix/watch/watching-account.ts";
import type { LookResult } from "../../../src/platforms/platform.ts";
import { ADMIN, SOURCE, TARGET } from "../plans/planned-rooms.ts";
import type { AnswerTable, ScriptedRequest } from "./scripted-context.ts";
import { content, scriptedContext } from "./scripted-context.ts";

export const SLIDING = { unstableFeatures: { "org.matrix.simplified_msc3575": true } };
export const PLAIN = { unstableFeatures: {} };

/** A room that waits for a person. The source has joined it. */
export function watched(roomId: string, more: Partial<WatchedRoom> = {}): WatchedRoom {
  return {
    roomId,
    isSourceJoined: true,
    unreadableOn: null,
    reason: "no_invite_power",
    wasRemoved: false,
    hasKnocked: false,
    facts: null,
    refusals: [],
    ...more,
  };
}

/** A look that asks both accounts for everything. */
export function lookAt(
  rooms: readonly WatchedRoom[],
  accounts: Readonly<Record<Side, WatchingAccount>>,
  more: Partial<Look> = {},
): Look {
  return {
    userId: { source: accounts.source.userId, target: accounts.target.userId },
    account: { source: async () => accounts.source, target: async () => accounts.target },
    asked: new Set(["source", "target"]),
    rooms,
    chats: [],
    isJoined: () => false,
    readsRooms: 0,
    now: 0,
    random: () => 0,
    signal: new AbortController().signal,
    ...more,
  };
}

export const SYNC = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";
export const NOTHING = content({ pos: "1", rooms: {} });
export const ANSWERED = { status: "answered" };

interface EventMore {
  sender?: string;
  sentAt?: number;
  reason?: string;
}

export function event(type: string, body: object, stateKey = "", { sender = ADMIN, sentAt }: EventMore = {}) {
  return {
    type,
    state_key: stateKey,
    sender,
    content: body,
    ...(sentAt !== undefined && { origin_server_ts: sentAt }),
  };
}

export const SOURCE_IN = event("m.room.member", { membership: "join" }, SOURCE);
export const rule = (join_rule: string, allow: readonly string[] = [], more: EventMore = {}) =>
  event(
    "m.room.join_rules",
    { join_rule, allow: allow.map((room_id) => ({ type: "m.room_membership", room_id })) },
    "",
    more,
  );
export const target = (membership: string, more: EventMore = {}) =>
  event("m.room.member", { membership }, TARGET, more);
export const acl = (deny: readonly string[]) => event("m.room.server_acl", { allow: ["*"], deny });

/** The facts of a look, for a refusal that answered to them. */
export function answeredTo(facts: object): RouteRefusal["facts"] {
  return { member: null, joinRule: null, serverAcl: null, invitePower: null, ...facts };
}

export function refusalOf(route: RouteRefusal["route"], facts: RouteRefusal["facts"]): RouteRefusal {
  return { route, code: "refused", who: "room", serverText: null, at: 0, facts };
}

export async function look(
  script: AnswerTable,
  rooms: readonly WatchedRoom[],
  {
    features = SLIDING,
    ...more
  }: Partial<Look> & { features?: { unstableFeatures: Record<string, boolean> } } = {},
): Promise<LookResult & { sent: readonly ScriptedRequest[]; lines: string[] }> {
  const { context, requests: sent, lines } = scriptedContext(script);
  const { source, target: newAccount } = context.client;
  const accounts = {
    source: { client: source, userId: SOURCE, features },
    target: { client: newAccount, userId: TARGET, features },
  };
  return { ...(await lookForAccessChanges(lookAt(rooms, accounts, more))), sent, lines: lines() };
}

/** The change that one look finds in a room with this state. The source has joined it. */
export async function changeIn(
  state: readonly unknown[],
  more: Partial<WatchedRoom> = {},
  { inside = [], now = 0 }: { inside?: readonly string[]; now?: number } = {},
): Promise<unknown> {
  const answer = content({ pos: "1", rooms: { "!a": { required_state: [SOURCE_IN, ...state] } } });
  const script = { [`source POST ${SYNC}`]: answer, [`target POST ${SYNC}`]: NOTHING };
  const { changes } = await look(script, [watched("!a", more)], {
    isJoined: (id) => inside.includes(id),
    now,
  });
  return withoutFacts(changes.get("!a"));
}

export function withoutFacts(change: object | undefined): object | undefined {
  if (change === undefined) return undefined;
  const { facts: _, ...rest } = { facts: null, ...change };
  return rest;
}

export const OPEN = { kind: "open", route: "accept_invite", through: null };
export const PUBLIC = { kind: "open", route: "join", through: null };
export const openThrough = (through: string) => ({ kind: "open", route: "join_restricted", through });
