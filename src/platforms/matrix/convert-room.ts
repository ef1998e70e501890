import { z } from "zod";
import { readAccountData, writeAccountData } from "./api/account-data.ts";
import { apiPath } from "./api/homeserver-client.ts";
import type { HomeserverClient } from "./api/homeserver-client.ts";
import { UnreachableError } from "../../network/unreachable-error.ts";
import { membershipIn, stateEventsOf } from "./reading/raw-events.ts";
import { readStateEvent } from "./reading/single-room.ts";
import { readTextSet } from "./rooms/state-content.ts";
import { valueOf } from "./rooms/state-read.ts";
import { asDirectChat, asOrdinaryRoom, choosePartner } from "./categories/direct-chats/convert.ts";
import type { ChatMember } from "./categories/direct-chats/convert.ts";
import { DIRECT_CHATS_TYPE } from "./categories/direct-chats/plan.ts";

/** A room that becomes a direct chat, or an ordinary room again. */
export interface RoomConversion {
  readonly roomId: string;
  /** The person with whom the room is to be a direct chat; `null`: choose one by the members. */
  readonly partner: string | null;
  readonly toDirect: boolean;
  /** Both accounts of the person, and known bots. */
  readonly excluded: readonly string[];
}

export type RoomConverted =
  | { status: "converted" | "unchanged"; partner: string | null }
  /** Nobody but the excluded was ever in the room. */
  | { status: "no_partner" };

const PLACE = { roomId: null, type: DIRECT_CHATS_TYPE };
const MAX_MEMBERS_BYTES = 16 * 1_048_576;
const membersSchema = z.object({ chunk: z.array(z.unknown()).nullish() });

/**
 * Makes a room a direct chat of the account, or an ordinary room, like Element's commands of those
 * names (platforms/matrix/README.md, "Direct chats"). Unlike Element, it keeps malformed entries.
 * @throws HomeserverError, UnreachableError
 */
export async function convertRoom(
  client: Pick<HomeserverClient, "request" | "baseUrl">,
  userId: string,
  { roomId, partner: named, toDirect, excluded }: RoomConversion,
): Promise<RoomConverted> {
  const session = { userId, request: client.request.bind(client) };
  const partner = toDirect ? (named ?? (await findPartner(client, roomId, [userId, ...excluded]))) : null;
  if (toDirect && partner === null) return { status: "no_partner" };
  // Read last, so that a change by another client in between is unlikely.
  const content = await readAccountData(session, PLACE);
  if (content === null)
    throw new UnreachableError("unexpected_answer", new URL(client.baseUrl).host, DIRECT_CHATS_TYPE);
  const changed = partner === null ? asOrdinaryRoom(content, roomId) : asDirectChat(content, roomId, partner);
  if (changed === null) return { status: "unchanged", partner };
  await writeAccountData(session, PLACE, changed);
  return { status: "converted", partner };
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
