import type { Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulatedPerson } from "../../lab/population/population.ts";
import { callServer } from "./server-api.ts";

/** An event as a server returns it. */
export interface ServerEvent {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly origin_server_ts: number;
  readonly content: Readonly<Record<string, unknown>>;
  readonly unsigned?: { readonly prev_content?: Readonly<Record<string, unknown>> };
}

/** The new membership, or the event's type. */
export function kindOf({ type, content }: ServerEvent): string {
  return typeof content["membership"] === "string" ? content["membership"] : type;
}

/** Reads one account with the session of its registration, without the bot. */
export class AccountOnServer {
  readonly userId: string;
  readonly server: Homeserver;
  readonly #token: string;

  constructor(pair: Pick<HomeserverPair, "old" | "new">, { userId, accessToken, side }: PopulatedPerson) {
    this.userId = userId;
    this.server = pair[side];
    this.#token = accessToken;
  }

  /** The answer, or `null` if the server answers 403 or 404. */
  async read(path: string): Promise<Record<string, unknown> | null> {
    const { status, body } = await callServer(this.server, this.#token, "GET", `/_matrix/client/v3${path}`);
    if (status === 403 || status === 404) return null;
    if (status !== 200) throw new Error(`${path} was answered with status ${String(status)}`);
    return body;
  }

  /** @throws Error unless the server answers 200 */
  async act(
    method: "POST" | "PUT" | "DELETE",
    path: string,
    body: unknown = {},
  ): Promise<Record<string, unknown>> {
    const answer = await callServer(this.server, this.#token, method, `/_matrix/client/v3${path}`, body);
    if (answer.status !== 200) throw new Error(`${path} was answered with ${JSON.stringify(answer)}`);
    return answer.body;
  }

  async joinedRooms(): Promise<ReadonlySet<string>> {
    return new Set((await this.read("/joined_rooms"))?.["joined_rooms"] as string[]);
  }

  state(roomId: string, type: string, stateKey = ""): Promise<Record<string, unknown> | null> {
    return this.read(`/rooms/${encodeURIComponent(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`);
  }

  /**
   * The membership of another account in a room, as this account's server shows it. `null` if it
   * was never a member or this account may not read the room.
   */
  async membershipOf(userId: string, roomId: string): Promise<string | null> {
    const content = await this.state(roomId, "m.room.member", userId);
    return typeof content?.["membership"] === "string" ? content["membership"] : null;
  }

  accountData(type: string): Promise<Record<string, unknown> | null> {
    return this.read(`${this.#own}/account_data/${encodeURIComponent(type)}`);
  }

  roomAccountData(roomId: string, type: string): Promise<Record<string, unknown> | null> {
    return this.read(`${this.#own}/rooms/${encodeURIComponent(roomId)}/account_data/${type}`);
  }

  async tags(roomId: string): Promise<Record<string, unknown>> {
    const answer = await this.read(`${this.#own}/rooms/${encodeURIComponent(roomId)}/tags`);
    return (answer?.["tags"] ?? {}) as Record<string, unknown>;
  }

  async profile(): Promise<Record<string, unknown>> {
    return (await this.read(`/profile/${encodeURIComponent(this.userId)}`)) ?? {};
  }

  /** The bytes behind an `mxc://` address. */
  async media(mxc: unknown): Promise<Buffer> {
    const path = String(mxc).replace(/^mxc:\/\//u, "");
    const headers = { authorization: `Bearer ${this.#token}` };
    const response = await fetch(`${this.server.baseUrl}/_matrix/client/v1/media/download/${path}`, {
      headers,
    });
    if (!response.ok) throw new Error(`${path} was answered with status ${String(response.status)}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Memberships and power levels in a room's timeline since then, oldest first. */
  async changes(roomId: string, since: number): Promise<ServerEvent[]> {
    const filter = JSON.stringify({ types: ["m.room.member", "m.room.power_levels"] });
    const query = `dir=b&limit=100&filter=${encodeURIComponent(filter)}`;
    const answer = await this.read(`/rooms/${encodeURIComponent(roomId)}/messages?${query}`);
    const events = (answer?.["chunk"] ?? []) as ServerEvent[];
    return events.filter((event) => event.origin_server_ts >= since).reverse();
  }

  get #own(): string {
    return `/user/${encodeURIComponent(this.userId)}`;
  }
}
