import type { GuardedFetch, GuardedRequest, GuardedResponse } from "../../../src/network/guarded-fetch.ts";
import { UnreachableError } from "../../../src/network/unreachable-error.ts";
import type { FakeRoom } from "./fake-room.ts";
import { eventsFor, isLetInto, joinRuleOf, levelOf, mayInvite } from "./fake-room.ts";
import { fetchOfAnswers } from "./fetch-of-answers.ts";

/** The first bytes of a picture, each as one character. */
const PICTURE = "\x89PNG\r\n\x1a\n";

type Json = Record<string, unknown>;

/** One account and what its server stores for it. */
export interface FakeAccount {
  readonly userId: string;
  readonly profile: Json;
  readonly accountData: Map<string, Json>;
  readonly roomAccountData: Map<string, Map<string, Json>>;
  readonly pushRules: Record<string, Json[]>;
}

/** A request, for tests that interrupt one. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
}

class Refusal extends Error {
  readonly status: number;
  readonly errcode: string;

  constructor(status: number, errcode: string, text = errcode) {
    super(text);
    this.status = status;
    this.errcode = errcode;
  }
}

const NOT_FOUND = new Refusal(404, "M_NOT_FOUND");
const FORBIDDEN = new Refusal(403, "M_FORBIDDEN");

export function tokenOf(userId: string): string {
  return `token of ${userId}`;
}

export function baseUrlOf(userId: string): string {
  return `https://${userId.slice(userId.indexOf(":") + 1)}`;
}

/** Fails like a request whose caller has given it up. */
async function aborted(signal: AbortSignal | undefined, host: string): Promise<void> {
  await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
  throw new UnreachableError("aborted", host);
}

/**
 * A fake pair of homeservers in this process that keeps real state. Only the crash test uses it,
 * because that test needs thousands of whole moves in a minute. Tests with real servers check
 * whether Synapse behaves like this. The fake has no delay between servers and no limits.
 */
export class FakeHomeservers {
  readonly rooms: ReadonlyMap<string, FakeRoom>;
  readonly accounts: Map<string, FakeAccount>;
  /** Accounts whose sessions have ended. */
  readonly signedOut = new Set<string>();
  /** Accounts that may read and not write. */
  readonly suspended = new Set<string>();
  /** Aliases that no room declares, and the rooms that they lead to. */
  readonly aliases = new Map<string, string>();
  /** Key backups by user: the description, and the keys by room. */
  readonly keyBackups = new Map<string, { readonly version: Json; readonly rooms: Json }>();
  /** Rooms whose members syncs do not count. */
  readonly uncounted = new Set<string>();
  /** Rooms of which no server answers any more. */
  readonly lost = new Set<string>();
  /** Rooms whose summaries are shown. */
  readonly summarized = new Set<string>();
  /** Aliases whose own servers hang. */
  readonly hangingAliases = new Set<string>();
  /** The changes that other people could see, in order. */
  readonly seen: string[] = [];
  #media = 0;

  constructor(rooms: readonly FakeRoom[], accounts: readonly FakeAccount[]) {
    this.rooms = new Map(rooms.map((room) => [room.roomId, room]));
    this.accounts = new Map(accounts.map((account) => [account.userId, account]));
  }

  /**
   * @param onRequest called when a request has taken effect and before its answer. The answer waits
   * for it, and its error replaces the answer
   */
  fetch(onRequest: (request: FakeRequest) => Promise<void> = async () => {}): GuardedFetch {
    const answer = async (address: string, options: GuardedRequest = {}): Promise<GuardedResponse> => {
      await Promise.resolve();
      const url = new URL(address);
      const request = {
        method: options.method ?? "GET",
        path: decodeURIComponent(url.pathname),
        host: url.host,
      };
      const { status, body } = this.#respond(url, options);
      await Promise.race([onRequest(request), aborted(options.signal, url.host)]);
      const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body));
      const type = body instanceof Uint8Array ? "image/png" : "application/json";
      return { status, headers: { "content-type": type }, body: bytes, url: address };
    };
    return fetchOfAnswers(answer);
  }

  #respond(url: URL, { method = "GET", headers, body }: GuardedRequest): { status: number; body: unknown } {
    if (url.pathname.startsWith("/.well-known/")) return { status: 404, body: {} };
    const segments = url.pathname.split("/").slice(3).map(decodeURIComponent);
    const userId = (headers?.["authorization"] ?? "").replace("Bearer token of ", "");
    const json: Json = typeof body === "string" ? JSON.parse(body) : {};
    try {
      return {
        status: 200,
        body: this.#answer(`${method} ${segments.shift() ?? ""}`, segments, {
          userId,
          json,
          query: url.searchParams,
        }),
      };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: { errcode: error.errcode, error: error.message } };
    }
  }

  #answer(verb: string, path: string[], by: { userId: string; json: Json; query: URLSearchParams }): unknown {
    const [method = ""] = verb.split(" ");
    const [area = "", name = "", ...rest] = path;
    if (area === "versions" || verb.endsWith(" versions"))
      return { versions: ["v1.11"], unstable_features: {} };
    const account = this.accounts.get(by.userId);
    if (account === undefined || this.signedOut.has(by.userId)) throw new Refusal(401, "M_UNKNOWN_TOKEN");
    if (method !== "GET" && this.suspended.has(by.userId)) throw new Refusal(403, "M_USER_SUSPENDED");
    switch (area) {
      case "account":
        return { user_id: by.userId };
      case "capabilities":
        return { capabilities: { "m.room_versions": { default: "11", available: { 11: "stable" } } } };
      case "joined_rooms":
        return { joined_rooms: this.#joined(by.userId).map(({ roomId }) => roomId) };
      case "sync":
        return this.#sync(account);
      case "profile":
        return this.#profile(method, account, name, rest, by.json);
      case "pushrules":
        return pushRules(method, account, path.slice(2), by);
      case "user":
        return this.#accountData(method, account, rest, by.json);
      case "join":
        return this.#join(this.#room(name), account);
      case "knock":
        return this.#knock(this.#room(name), account);
      case "media":
        return name === "download" ? Buffer.from(PICTURE, "latin1") : {};
      case "room_keys": {
        const backup = this.keyBackups.get(by.userId);
        if (backup === undefined) throw NOT_FOUND;
        return name === "version" ? backup.version : { rooms: backup.rooms };
      }
      case "upload":
        return { content_uri: `mxc://${baseUrlOf(by.userId).slice(8)}/copied${(this.#media += 1)}` };
      case "directory": {
        if (this.hangingAliases.has(rest[0] ?? ""))
          throw new UnreachableError("timeout", baseUrlOf(by.userId).slice(8));
        const roomId = this.aliases.get(rest[0] ?? "");
        if (roomId === undefined) throw NOT_FOUND;
        return { room_id: roomId };
      }
      case "room_summary":
        return this.#summary(this.#room(name), account);
      case "rooms":
        return this.#inRoom(method, this.#room(name), rest, { ...by, account });
      default:
        throw new Refusal(404, "M_UNRECOGNIZED");
    }
  }

  #room(roomId: string): FakeRoom {
    const room = this.rooms.get(roomId);
    if (room === undefined) throw NOT_FOUND;
    return room;
  }

  #summary(room: FakeRoom, { userId }: FakeAccount): unknown {
    if (!this.summarized.has(room.roomId)) throw NOT_FOUND;
    const membership = room.members.get(userId)?.["membership"];
    return {
      ...{ room_id: room.roomId, join_rule: joinRuleOf(room), num_joined_members: room.count("join") },
      ...{ guest_can_join: false, world_readable: false, ...(membership !== undefined && { membership }) },
    };
  }

  #joined(userId: string): FakeRoom[] {
    return [...this.rooms.values()].filter((room) => room.members.get(userId)?.["membership"] === "join");
  }

  #sync({ userId, accountData, roomAccountData }: FakeAccount): unknown {
    const section = (membership: string, show: (room: FakeRoom) => unknown) =>
      Object.fromEntries(
        [...this.rooms.values()]
          .filter((room) => room.members.get(userId)?.["membership"] === membership)
          .map((room) => [room.roomId, show(room)]),
      );
    const asEvents = (data: ReadonlyMap<string, Json> = new Map()) => ({
      events: [...data].map(([type, content]) => ({ type, content })),
    });
    const stripped = (room: FakeRoom) => room.events().filter(({ type }) => type !== "m.room.power_levels");
    return {
      account_data: asEvents(accountData),
      rooms: {
        join: section("join", (room) => ({
          state: { events: eventsFor(room, userId) },
          account_data: asEvents(roomAccountData.get(room.roomId)),
          ...(!this.uncounted.has(room.roomId) && {
            summary: {
              "m.joined_member_count": room.count("join"),
              "m.invited_member_count": room.count("invite"),
            },
          }),
        })),
        invite: section("invite", (room) => ({ invite_state: { events: stripped(room) } })),
        knock: section("knock", (room) => ({ knock_state: { events: stripped(room) } })),
      },
    };
  }

  #profile(method: string, account: FakeAccount, userId: string, [key = ""]: string[], json: Json): unknown {
    if (method === "GET") return this.accounts.get(userId)?.profile ?? {};
    account.profile[key] = json[key];
    this.seen.push(`${account.userId} is shown with ${key}`);
    for (const room of this.#joined(account.userId))
      this.seen.push(`${account.userId} changes in ${room.roomId} by ${key}`);
    return {};
  }

  #accountData(method: string, account: FakeAccount, path: string[], json: Json): unknown {
    const [area = "", name = "", ...rest] = path;
    if (area === "account_data") return keep(account.accountData, { method, type: name, json });
    if (area !== "rooms") throw NOT_FOUND;
    const room = this.#room(name);
    const data = account.roomAccountData.get(room.roomId) ?? new Map<string, Json>();
    account.roomAccountData.set(room.roomId, data);
    const [kind, type = ""] = rest;
    if (kind === "account_data") return keep(data, { method, type, json });
    if (method !== "GET" && room.members.get(account.userId)?.["membership"] !== "join") throw FORBIDDEN;
    const tags = new Map(Object.entries((data.get("m.tag")?.["tags"] ?? {}) as Json));
    if (method === "PUT") tags.set(type, json);
    if (method === "DELETE") tags.delete(type);
    if (method !== "GET") data.set("m.tag", { tags: Object.fromEntries(tags) });
    return { tags: Object.fromEntries(tags) };
  }

  #join(room: FakeRoom, { userId, profile }: FakeAccount): unknown {
    const before = room.members.get(userId)?.["membership"];
    if (before === "join") return { room_id: room.roomId };
    if (this.lost.has(room.roomId)) throw new Refusal(404, "M_UNKNOWN");
    if (!isLetInto(room, userId, this.rooms)) throw FORBIDDEN;
    if (room.faults.vainJoins > 0) {
      room.faults.vainJoins -= 1;
      return { room_id: room.roomId };
    }
    room.members.set(userId, { membership: "join", ...profile });
    room.memberSetBy.delete(userId);
    this.seen.push(`${userId} joins ${room.roomId}`);
    return { room_id: room.roomId };
  }

  #knock(room: FakeRoom, { userId }: FakeAccount): unknown {
    const before = room.members.get(userId)?.["membership"];
    if (joinRuleOf(room) !== "knock" || before === "join" || before === "invite") throw FORBIDDEN;
    room.members.set(userId, { membership: "knock" });
    this.seen.push(`${userId} knocks at ${room.roomId}`);
    return { room_id: room.roomId };
  }

  #inRoom(
    method: string,
    room: FakeRoom,
    path: string[],
    by: { userId: string; json: Json; query: URLSearchParams; account: FakeAccount },
  ): unknown {
    const { userId, json, account } = by;
    const [what = "", type = "", stateKey = ""] = path;
    const own = room.members.get(userId)?.["membership"];
    const isPending = own === "invite" || own === "knock";
    if (own !== "join" && !(what === "leave" && isPending)) throw FORBIDDEN;
    switch (what) {
      case "state":
        return method === "GET"
          ? showState(room, { userId, type, stateKey, isWhole: by.query.get("format") === "event" })
          : this.#writeState(room, { userId, type, stateKey, json });
      case "joined_members":
        return {
          joined: Object.fromEntries([...room.members].filter(([, { membership }]) => membership === "join")),
        };
      case "messages":
        return { chunk: [{ event_id: room.lastEventId }] };
      case "read_markers": {
        const data = account.roomAccountData.get(room.roomId) ?? new Map<string, Json>();
        account.roomAccountData.set(
          room.roomId,
          data.set("m.fully_read", { event_id: json["m.fully_read"] }),
        );
        return {};
      }
      case "invite": {
        const invited = String(json["user_id"]);
        const before = room.members.get(invited)?.["membership"];
        if (!mayInvite(room, userId) || before === "join" || before === "ban") throw FORBIDDEN;
        room.members.set(invited, { membership: "invite" });
        this.seen.push(`${userId} invites ${invited} to ${room.roomId}`);
        return {};
      }
      case "leave":
        room.members.set(userId, { membership: "leave" });
        this.seen.push(`${userId} leaves ${room.roomId}`);
        return {};
      default:
        throw new Refusal(404, "M_UNRECOGNIZED");
    }
  }

  #writeState(room: FakeRoom, by: { userId: string; type: string; stateKey: string; json: Json }): unknown {
    const { userId, type, stateKey, json } = by;
    if (type === "m.room.member" && stateKey === userId) room.members.set(userId, json);
    else if (type === "m.room.power_levels" && levelOf(room, userId) >= 50) room.state.set(type, json);
    else throw FORBIDDEN;
    this.seen.push(`${userId} writes ${type} ${JSON.stringify(json)} in ${room.roomId}`);
    return { event_id: "$written" };
  }
}

function showState(
  room: FakeRoom,
  { userId, type, stateKey, isWhole }: { userId: string; type: string; stateKey: string; isWhole: boolean },
): unknown {
  const event = eventsFor(room, userId).find((one) => one.type === type && one.state_key === stateKey);
  if (event === undefined) throw NOT_FOUND;
  return isWhole ? event : event.content;
}

function keep(
  data: Map<string, Json>,
  { method, type, json }: { method: string; type: string; json: Json },
): unknown {
  if (method !== "GET") {
    data.set(type, json);
    return {};
  }
  const content = data.get(type);
  if (content === undefined) throw NOT_FOUND;
  return content;
}

function pushRules(
  method: string,
  { pushRules: rules }: FakeAccount,
  [kind = "", ruleId = "", part]: string[],
  { json, query }: { json: Json; query: URLSearchParams },
): unknown {
  if (method === "GET") return { global: rules };
  const list = (rules[kind] ??= []);
  const at = list.findIndex((rule) => rule["rule_id"] === ruleId);
  if (part !== undefined) {
    const rule = list[at];
    if (rule === undefined) throw NOT_FOUND;
    Object.assign(rule, part === "enabled" ? { enabled: json["enabled"] } : { actions: json["actions"] });
    return {};
  }
  if (at >= 0) list.splice(at, 1);
  if (method === "DELETE") return {};
  const after = list.findIndex((rule) => rule["rule_id"] === query.get("after"));
  const before = list.findIndex((rule) => rule["rule_id"] === query.get("before"));
  const place = after >= 0 ? after + 1 : Math.max(0, before);
  list.splice(place, 0, { rule_id: ruleId, default: false, enabled: true, ...json });
  return {};
}
