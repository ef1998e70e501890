import { z } from "zod";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import { UnreachableError } from "../../network/unreachable-error.ts";
import type { RoomConversion, RoomConverted } from "../platform.ts";
import { readAccountData, writeAccountData } from "./api/account-data.ts";
import type { HomeserverClient } from "./api/homeserver-client.ts";
import { apiPath } from "./api/homeserver-client.ts";
import { HomeserverError } from "./api/homeserver-error.ts";
import type { ChatMember } from "./categories/direct-chats/convert.ts";
import { asDirectChat, asOrdinaryRoom, choosePartner } from "./categories/direct-chats/convert.ts";
import { inTurnForChats } from "./categories/direct-chats/list-chat.ts";
import { DIRECT_CHATS_TYPE } from "./categories/direct-chats/plan.ts";
import { parseRoomAlias } from "./ids/identifiers.ts";
import type { OpenAccount } from "./open-account.ts";
import { guarded } from "./open-account.ts";
import { roomOfAlias } from "./reading/aliases.ts";
import { membershipIn, stateEventsOf } from "./reading/raw-events.ts";
import { readStateEvent } from "./reading/single-room.ts";
import { membershipNow } from "./reading/state-now.ts";
import { readTextSet } from "./rooms/state-content.ts";
import { valueOf } from "./rooms/state-read.ts";

/** A conversion of a room whose ID is known. */
type FoundRoomConversion = Omit<RoomConversion, "room"> & { readonly roomId: string };

type FoundRoomConverted =
  | { status: "converted" | "unchanged"; partner: string | null }
  /** Nobody but the excluded accounts was ever in the room. */
  | { status: "no_partner" };

/** The account whose direct chats change. */
interface ConvertingAccount {
  readonly client: Pick<HomeserverClient, "request" | "baseUrl">;
  readonly userId: string;
  readonly inTurn: KeyedQueue;
}

const PLACE = { roomId: null, type: DIRECT_CHATS_TYPE };
const MAX_MEMBERS_BYTES = 16 * 1_048_576;
const membersSchema = z.object({ chunk: z.array(z.unknown()).nullish() });

/**
 * Finds a room and converts it.
 * @throws UnreadableAccountError, UnansweredAliasError
 */
export async function convertNamedRoom(
  { account, client, inTurn }: Pick<OpenAccount, "account" | "client"> & { readonly inTurn: KeyedQueue },
  { room, partner, toDirect, excluded }: RoomConversion,
): Promise<RoomConverted> {
  return guarded(account, async () => {
    try {
      const roomId = await roomOfWord(client, room);
      if (roomId === null) return { status: "not_in_room" };
      // The choice of a partner reads the members of the room, which only a member may do. With a
      // named partner nothing is read, so the membership is checked here.
      const isPartnerNamed = toDirect && partner !== null;
      if (isPartnerNamed && (await membershipNow(client, { roomId, userId: account.userId })) !== "join")
        return { status: "not_in_room" };
      return {
        ...(await convertRoom(
          { client, userId: account.userId, inTurn },
          { roomId, partner, toDirect, excluded },
        )),
        roomId,
      };
    } catch (error) {
      const isNotInside = error instanceof HomeserverError && (error.status === 403 || error.status === 404);
      if (isNotInside) return { status: "not_in_room" };
      throw error;
    }
  });
}

/** A room may have more aliases than the one in a plan, and there may be no plan. */
async function roomOfWord(client: HomeserverClient, room: string): Promise<string | null> {
  return parseRoomAlias(room) === null
    ? room
    : roomOfAlias({ request: (request) => client.request(request) }, room);
}

/**
 * Makes a room a direct chat of the account, or an ordinary room, like Element's commands of those
 * names (platforms/matrix/README.md, "Direct chats"). Unlike Element, it keeps malformed entries.
 * @throws HomeserverError, UnreachableError
 */
export async function convertRoom(
  { client, userId, inTurn }: ConvertingAccount,
  { roomId, partner: named, toDirect, excluded }: FoundRoomConversion,
): Promise<FoundRoomConverted> {
  const session = { userId, request: client.request.bind(client) };
  const partner = toDirect ? (named ?? (await findPartner(client, roomId, [userId, ...excluded]))) : null;
  if (toDirect && partner === null) return { status: "no_partner" };
  return inTurnForChats(userId, { inTurn }, async () => {
    // Read last, so that a change by another client in between is unlikely.
    const content = await readAccountData(session, PLACE);
    if (content === null)
      throw new UnreachableError("unexpected_answer", new URL(client.baseUrl).host, DIRECT_CHATS_TYPE);
    const changed =
      partner === null ? asOrdinaryRoom(content, roomId) : asDirectChat(content, roomId, partner);
    if (changed === null) return { status: "unchanged", partner };
    await writeAccountData(session, PLACE, changed);
    return { status: "converted", partner };
  });
}

async function findPartner(
  client: Pick<HomeserverClient, "request">,
  roomId: string,
  excluded: readonly string[],
): Promise<string | null> {
  const functional = await readStateEvent(client, roomId, "io.element.functional_members", "");
  const serviceMembers =
    functional === null ? null : valueOf(readTextSet(functional.content, "service_members"));
  const others = new Set([...excluded, ...(serviceMembers ?? [])]);
  // Only few rooms need the long list of former members.
  const joined = choosePartner(await readMembers(client, roomId, { membership: "join" }), others);
  return joined ?? choosePartner(await readMembers(client, roomId, {}), others);
}

async function readMembers(
  client: Pick<HomeserverClient, "request">,
  roomId: string,
  query: Readonly<Record<string, string>>,
): Promise<ChatMember[]> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/members`;
  const { chunk } = await client.request({
    method: "GET",
    path,
    query,
    schema: membersSchema,
    maxBytes: MAX_MEMBERS_BYTES,
  });
  const events = stateEventsOf(chunk).filter(({ type }) => type === "m.room.member");
  return events.map(({ state_key: userId, content, origin_server_ts: sentAt }) => ({
    userId,
    isJoined: membershipIn(content) === "join",
    sentAt: typeof sentAt === "number" ? sentAt : null,
  }));
}
