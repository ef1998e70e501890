import type { RoomList, RoomListFilters } from "../../model/room-list.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { ReadProgress } from "../../platforms/reading.ts";
import { UnansweredAliasError, UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Readings } from "./readings.ts";
import type { CannotDecide, UnansweredAlias } from "./results.ts";

export type RoomListResult = { status: "listed"; list: RoomList } | CannotDecide | UnansweredAlias;

export interface RoomListRequest {
  filters: RoomListFilters;
  onProgress: (progress: ReadProgress) => void;
}

/** Reads the old account and lists its rooms. */
export async function listSourceRooms(
  owner: string,
  { filters, onProgress }: RoomListRequest,
  {
    accounts,
    platform,
    readings,
  }: {
    accounts: Pick<Accounts, "get">;
    platform: Pick<Platform, "listRooms">;
    readings: Readings;
  },
): Promise<RoomListResult> {
  const source = await accounts.get(owner, "source");
  if (source === null) return { status: "not_signed_in", missing: ["source"] };
  try {
    const list = await readings.run(owner, [source.baseUrl], () =>
      platform.listRooms(source, filters, onProgress),
    );
    return { status: "listed", list };
  } catch (error) {
    if (error instanceof UnreadableAccountError)
      return { status: "not_read", account: error.account, refusal: error.refusal };
    if (error instanceof UnansweredAliasError) return { status: "unanswered_alias", alias: error.alias };
    throw error;
  }
}
