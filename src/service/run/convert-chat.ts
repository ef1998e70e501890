import { isNamed } from "../../model/filters.ts";
import type { Platform } from "../../platforms/platform.ts";
import { UnansweredAliasError, UnreadableAccountError } from "../../platforms/reading.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { Planning } from "../plan/planning.ts";
import type { ConvertRequest } from "./requests.ts";
import type { ConvertResult } from "./results.ts";

export interface ConvertOptions {
  planning: Pick<Planning, "last">;
  accounts: Pick<PeoplesAccounts, "of">;
  platform: Pick<Platform, "convertRoom">;
  botUserId: string;
}

/** Makes a room of the new account a direct chat or an ordinary room. */
export async function convertChat(
  owner: string,
  { room, partner, toDirect }: ConvertRequest,
  { planning, accounts, platform, botUserId }: ConvertOptions,
): Promise<ConvertResult> {
  const { source, target } = await accounts.of(owner);
  if (target === null) return { status: "not_signed_in", missing: ["target"] };
  const plan = await planning.last(owner);
  const row = plan?.report.rooms.find((known) => isNamed(known, room));
  // A room shows an old account for ever that nobody can sign in.
  const excluded = [botUserId, ...(source === null ? [] : [source.userId])];
  try {
    const named = { room: row?.roomId ?? room, partner, toDirect, excluded };
    const result = await platform.convertRoom(target, named);
    switch (result.status) {
      case "not_in_room":
        return { status: "not_in_room", room };
      case "no_partner":
        return result;
      default:
        return { ...result, name: row?.name ?? null };
    }
  } catch (error) {
    if (error instanceof UnansweredAliasError) return { status: "unanswered_alias", alias: error.alias };
    if (error instanceof UnreadableAccountError)
      return { status: "not_read", account: error.account, refusal: error.refusal };
    throw error;
  }
}
