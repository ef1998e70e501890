import { pino } from "pino";
import type { GuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { anyAnswer } from "../../../src/platforms/matrix/api/any-answer.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { HomeserverError } from "../../../src/platforms/matrix/api/homeserver-error.ts";
import { decideRooms } from "../../../src/platforms/matrix/decide-rooms.ts";
import type { RoomIdOnTarget } from "../../../src/platforms/matrix/planning/room-mapping.ts";
import type { AccountReading } from "../../../src/platforms/matrix/reading/account-reading.ts";
import { readAccount } from "../../../src/platforms/matrix/reading/read-account.ts";
import { createReader } from "../../../src/platforms/matrix/reading/reader.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import type { Population } from "../../lab/population/population.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { changeMember, join, openPopulationSession, put, setState } from "../../lab/population/session.ts";
import { canJoin } from "../../support/servers/can-join.ts";

const features = { unstableFeatures: { "org.matrix.simplified_msc3575": true } };
const log = pino({ level: "silent" });
const OPEN: ReadonlySet<string> = new Set(["joined", "accept_invite", "join", "invite"]);

/** Two accounts with rooms that the target can enter without help. */
export interface Accounts {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  /** Rooms that the target can enter or has joined. */
  readonly roomIds: readonly string[];
  /** `null` for all other rooms, whose data is not moved here. */
  readonly roomIdOnTarget: RoomIdOnTarget;
  /** Can be repeated: a second call does nothing. */
  enter(roomId: string): Promise<void>;
  read(): Promise<{ source: AccountReading; target: AccountReading }>;
}

export async function openAccounts(
  pair: HomeserverPair,
  population: Population,
  fetch: GuardedFetch,
): Promise<Accounts> {
  const source = openPopulationSession(pair.old, population.source, fetch);
  const target = openPopulationSession(pair.new, population.target, fetch);
  const readable = ({ client, userId }: PopulationSession) => ({
    userId,
    features,
    reader: createReader({ client, log }),
  });
  const accounts = { source: readable(source), target: readable(target) };
  const read = async (): Promise<{ source: AccountReading; target: AccountReading }> => ({
    source: await readAccount(accounts.source.reader, { ...accounts.source, otherUserId: target.userId }),
    target: await readAccount(accounts.target.reader, { ...accounts.target, otherUserId: source.userId }),
  });
  const { rooms } = await decideRooms(accounts, await read(), {});
  const open = new Map(
    rooms.filter(({ route }) => OPEN.has(route)).map(({ roomId, route }) => [roomId, route]),
  );
  const entered = new Set<string>();
  return {
    source,
    target,
    roomIds: [...open.keys()],
    roomIdOnTarget: (roomId) => (open.has(roomId) ? roomId : null),
    enter: async (roomId) => {
      if (entered.has(roomId)) return;
      entered.add(roomId);
      if (open.get(roomId) === "invite") await changeMember(source, "invite", roomId, target.userId);
      if (!(await canJoin(() => join(target, roomId, source.serverName), isRefusal)))
        throw new Error(`${roomId} cannot be entered`);
    },
    read,
  };
}

function isRefusal(error: unknown): error is HomeserverError {
  return error instanceof HomeserverError && error.errcode === "M_FORBIDDEN";
}

/**
 * Adds data of the source that a population does not have, and choices of the target's own.
 * @param roomIds a room that the target has not joined, and two that it has joined
 */
export async function addChoices(
  { source, target }: Accounts,
  [first, second, third]: readonly [string, string, string],
  avatarUrl: string,
): Promise<void> {
  const member = { membership: "join", displayname: "Only here", avatar_url: avatarUrl };
  await setState(source, first, { type: "m.room.member", stateKey: source.userId, content: member });
  const [sources = "", targets = ""] = [source, target].map(
    ({ userId }) => apiPath`/_matrix/client/v3/user/${userId}`,
  );
  await put(source, `${sources}/account_data/m.invite_permission_config`, { default_action: "allow" });
  await put(source, sources + apiPath`/rooms/${second}/tags/u.both`, { order: 0.1 });
  await put(target, targets + apiPath`/rooms/${second}/tags/u.both`, { order: 0.9 });
  await put(target, targets + apiPath`/rooms/${second}/tags/u.own`, {});
  const friend = `@friend:${target.serverName}`;
  const direct = { [friend]: [third], [source.userId]: [first, second], "not a user ID": ["!junk"] };
  await put(target, `${targets}/account_data/m.direct`, direct);
  await put(target, `${targets}/account_data/im.vector.web.settings`, {
    showTwelveHourTimestamps: false,
    own: 1,
  });
  await put(target, `${targets}/account_data/m.ignored_user_list`, {
    ignored_users: { "@own:spam.example": {} },
    more: 1,
  });
  const older = "com.famedly.marked_unread";
  await put(source, sources + apiPath`/rooms/${second}/account_data/${older}`, { unread: true });
  await put(target, targets + apiPath`/rooms/${second}/account_data/m.marked_unread`, { unread: false });
  const rule = (id: string) => apiPath`/_matrix/client/v3/pushrules/global/content/${id}`;
  // The rule was off when it was deleted. Some servers remember that.
  await put(target, rule("harvest"), { actions: ["notify"], pattern: "harvest" });
  await put(target, `${rule("harvest")}/enabled`, { enabled: false });
  await target.client.request({ method: "DELETE", path: rule("harvest"), schema: anyAnswer });
  await put(target, rule("own"), { actions: ["notify"], pattern: "own" });
  // The source has these rules in reverse order.
  await put(target, rule("rehearsal"), { actions: ["notify"], pattern: "rehearsal*" });
  await put(target, `${rule("rehearsal")}/enabled`, { enabled: false });
  await put(source, rule("last"), { actions: ["notify"], pattern: "last" });
  await put(target, rule("last"), { actions: ["notify"], pattern: "last" });
  await put(source, `${rule("last")}?after=harvest`, { actions: ["notify"], pattern: "last" });
}
