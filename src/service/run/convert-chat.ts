import { convertRoom } from "../../platforms/matrix/convert-room.ts";
import type { HomeserverClient } from "../../platforms/matrix/api/homeserver-client.ts";
import { HomeserverError } from "../../platforms/matrix/api/homeserver-error.ts";
import { parseRoomAlias } from "../../platforms/matrix/ids/identifiers.ts";
import { UnansweredAliasError, roomOfAlias } from "../../platforms/matrix/reading/aliases.ts";
import { membershipNow } from "../../platforms/matrix/reading/state-now.ts";
import { isNamed } from "../../model/filters.ts";
import type { AccountClients } from "../accounts/clients.ts";
import type { Planning } from "../plan/planning.ts";
import { refusalOf } from "../../platforms/matrix/sign-in/provider.ts";
import type { ConvertResult } from "./results.ts";

/** Rooms may have more aliases than the one that stands in a plan, and there may be no plan. */
async function roomOfWord(client: HomeserverClient, room: string): Promise<string | null> {
  return parseRoomAlias(room) === null
    ? room
    : roomOfAlias({ request: (request) => client.request(request) }, room);
}

/**
 * Makes a room of the new account a direct chat, or no longer one.
 * @param room its ID or an alias
 */
export async function convertChat(
  owner: string,
  { room, partner, toDirect }: { room: string; partner: string | null; toDirect: boolean },
  { planning, clients, botUserId }: { planning: Planning; clients: AccountClients; botUserId: string },
): Promise<ConvertResult> {
  const [source, target] = [await clients.open(owner, "source"), await clients.open(owner, "target")];
  if (target === null) return { status: "not_signed_in", missing: ["target"] };
  const plan = await planning.last(owner);
  const row = plan?.report.rooms.find((known) => isNamed(known, room));
  try {
    const { client, account } = target;
    const roomId = row?.roomId ?? (await roomOfWord(client, room));
    if (roomId === null) return { status: "not_in_room", room };
    // Who is not named is looked for in the room, where only members may look.
    const isPartnerNamed = toDirect && partner !== null;
    if (isPartnerNamed && (await membershipNow(client, { roomId, userId: account.userId })) !== "join")
      return { status: "not_in_room", room };
    const excluded = [botUserId, ...(source === null ? [] : [source.account.userId])];
    const result = await convertRoom(client, account.userId, { roomId, partner, toDirect, excluded });
    switch (result.status) {
      case "no_partner":
        return { status: "no_partner", roomId };
      default:
        return { ...result, roomId, name: row?.name ?? null };
    }
  } catch (error) {
    if (error instanceof UnansweredAliasError) return { status: "unanswered_alias", alias: error.alias };
    if (error instanceof HomeserverError && (error.status === 403 || error.status === 404))
      return { status: "not_in_room", room };
    return { status: "not_read", account: target.account, refusal: refusalOf(error) };
  }
}
