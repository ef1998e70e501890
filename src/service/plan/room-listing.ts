import { UnansweredAliasError, roomsOfAliases } from "../../platforms/matrix/reading/aliases.ts";
import { withRoomIds, wordsIn } from "../../model/filters.ts";
import type { RoomList, RoomListFilters } from "../../model/room-list.ts";
import { listRooms } from "../../platforms/matrix/planning/room-list.ts";
import type { Account } from "../../model/account.ts";
import type { AccountReaders, ReadProgress } from "../accounts/readers.ts";
import { UnreadableAccountError } from "../accounts/readers.ts";
import type { UnansweredAlias } from "./planning.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";

export type RoomListResult =
  | { status: "listed"; list: RoomList }
  | { status: "not_signed_in" }
  | { status: "not_read"; account: Account; refusal: AccountRefusal }
  | UnansweredAlias;

/** Reads the old account and lists its rooms. */
export async function listSourceRooms(
  readers: Pick<AccountReaders, "access" | "read" | "guard">,
  owner: string,
  filters: RoomListFilters,
  onProgress: (progress: ReadProgress) => void,
): Promise<RoomListResult> {
  const source = await readers.access(owner, "source");
  if (source === null) return { status: "not_signed_in" };
  try {
    // Nobody else's membership is asked for.
    const { snapshot } = await readers.read(source, source.account.userId, {
      onProgress,
      withLastActivity: true,
    });
    const aliases = await readers.guard(source.account, async () =>
      roomsOfAliases((await source.readable()).reader, wordsIn(filters.rooms), snapshot.rooms),
    );
    return {
      status: "listed",
      list: listRooms(snapshot, { ...filters, rooms: withRoomIds(filters.rooms, aliases) }),
    };
  } catch (error) {
    if (error instanceof UnreadableAccountError)
      return { status: "not_read", account: error.account, refusal: error.refusal };
    if (error instanceof UnansweredAliasError) return { status: "unanswered_alias", alias: error.alias };
    throw error;
  }
}
