import type { ExportOptions } from "../../files.ts";
import type { OpenAccount } from "../open-account.ts";
import { guarded, readOpenAccount } from "../open-account.ts";
import type { Parties } from "../planning/people.ts";
import { roomsWithBot } from "../planning/rooms-with-bot.ts";
import type { AccountReading } from "../reading/account-reading.ts";
import { chatsWithBot, isInside } from "../reading/bot-chats.ts";
import { directRooms } from "../rooms/direct-rooms.ts";

/** An account that was read for a file. */
export interface ExportReading {
  readonly reading: AccountReading;
  readonly parties: Parties;
  /** Chats with the bot, and chats that it opened, also those that the account has left. */
  readonly withBot: ReadonlySet<string>;
}

/**
 * Reads an account for a file. Chats with the bot that a plan leaves out are no part of a file.
 * @throws UnreadableAccountError
 */
export async function readForExport(
  opened: OpenAccount,
  options: ExportOptions,
  wanted: { readonly withLastActivity: boolean },
): Promise<ExportReading> {
  const { account } = opened;
  const { botUserId, spokenIn, targetUserId } = options;
  const otherUserId = targetUserId ?? account.userId;
  const reading = await readOpenAccount(opened, otherUserId, {
    ...{ onProgress: options.onProgress, ...wanted, isOtherMemberNeeded: false },
  });
  const { rooms, accountData } = reading.snapshot;
  const chats = await guarded(account, async () => {
    const { reader } = await opened.readable();
    return chatsWithBot(reader, rooms, {
      ...{ spokenIn, botUserId },
      isOtherIn: async (roomId) => targetUserId !== null && (await isInside(reader, roomId, targetUserId)),
    });
  });
  const parties: Parties = {
    sourceUserId: account.userId,
    targetUserId: otherUserId,
    botUserIds: new Set([botUserId]),
  };
  const botRoomIds = [...options.botRoomIds, ...chats];
  const found = roomsWithBot(rooms.values(), {
    ...{ parties, counterparts: directRooms(accountData), botRoomIds },
  });
  return { reading, parties, withBot: new Set([...found, ...botRoomIds]) };
}
