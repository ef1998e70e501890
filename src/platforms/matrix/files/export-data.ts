import type { DataFile } from "../../../model/room-file.ts";
import type { ExportOptions } from "../../files.ts";
import type { JsonObject } from "../api/json.ts";
import { isJsonObject } from "../api/json.ts";
import { desiredContent } from "../categories/account-data/desired-content.ts";
import { DIRECT_CHATS_TYPE } from "../categories/direct-chats/plan.ts";
import { READ_MARKER_TYPE } from "../categories/read-markers/plan.ts";
import { whyTagIsNotMoved } from "../categories/tags/plan.ts";
import type { OpenAccount } from "../open-account.ts";
import type { AccountReading } from "../reading/account-reading.ts";
import type { RoomTag } from "../reading/raw-events.ts";
import { readForExport } from "./export-reading.ts";

/** The bot, and the rooms that are chats with it or that it opened. */
interface BotChats {
  readonly withBot: ReadonlySet<string>;
  readonly botUserIds: ReadonlySet<string>;
}

/** Types of the account, and of rooms, that have a category of their own, and are moved. */
const OF_ACCOUNT: ReadonlySet<string> = new Set([DIRECT_CHATS_TYPE, "m.ignored_user_list"]);
const OF_ROOMS: ReadonlySet<string> = new Set([READ_MARKER_TYPE]);
/** Types that a file has in a member of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.push_rules", "m.tag"]);

/** The settings of an account, as far as a move copies them. */
export async function exportData(opened: OpenAccount, options: ExportOptions): Promise<DataFile> {
  const { reading, parties, withBot } = await readForExport(opened, options, { withLastActivity: false });
  return dataFile(reading, { withBot, botUserIds: parties.botUserIds }, options.generatedAt);
}

/** Settings of chats with the bot are not copied: a plan leaves these rooms out. */
export function dataFile(
  {
    snapshot: { userId, accountData },
    roomAccountData,
    roomTags,
    pushRules,
    profile,
  }: Pick<AccountReading, "snapshot" | "roomAccountData" | "roomTags" | "pushRules" | "profile">,
  bot: BotChats,
  generatedAt: Date,
): DataFile {
  const { displayName, avatarUrl, fields } = profile;
  return {
    ...{ schema: 1, kind: "data", account: userId, generatedAt: generatedAt.toISOString() },
    accountData: copied(accountData, OF_ACCOUNT, bot),
    pushRules: { global: pushRules },
    tags: Object.fromEntries(
      [...roomTags]
        .filter(([roomId]) => !bot.withBot.has(roomId))
        .map(([roomId, tags]) => [roomId, copiedTags(tags)] as const)
        .filter(([, tags]) => Object.keys(tags).length > 0),
    ),
    profile: {
      ...(displayName !== null && { displayname: displayName }),
      ...(avatarUrl !== null && { avatar_url: avatarUrl }),
      ...Object.fromEntries(fields),
    },
    roomAccountData: Object.fromEntries(
      [...roomAccountData]
        .filter(([roomId]) => !bot.withBot.has(roomId))
        .map(([roomId, contents]) => [roomId, copied(contents, OF_ROOMS, bot)] as const)
        .filter(([, contents]) => Object.keys(contents).length > 0),
    ),
  };
}

function copiedTags(tags: readonly RoomTag[]): Record<string, { order?: number }> {
  const copied = tags.filter(({ name }) => whyTagIsNotMoved(name) === null);
  return Object.fromEntries(copied.map(({ name, order }) => [name, order === null ? {} : { order }]));
}

/** What a move copies of account data: nothing secret, and nothing of one device. */
function copied(
  contents: ReadonlyMap<string, unknown>,
  movedByThemselves: ReadonlySet<string>,
  bot: BotChats,
): Record<string, JsonObject> {
  const found: [string, JsonObject][] = [];
  for (const [type, content] of contents) {
    if (ELSEWHERE.has(type) || !isJsonObject(content)) continue;
    const desired = desiredContent(type, content, (roomId) => (bot.withBot.has(roomId) ? null : roomId));
    if (type === DIRECT_CHATS_TYPE) found.push([type, withoutBot(content, bot)]);
    else if (movedByThemselves.has(type)) found.push([type, content]);
    else if (desired !== null && typeof desired !== "string") found.push([type, desired.content]);
  }
  return Object.fromEntries(found);
}

/** `m.direct` without the bot, and without people who have no other chat than one with the bot. */
function withoutBot(direct: JsonObject, { withBot, botUserIds }: BotChats): JsonObject {
  const kept: [string, unknown][] = [];
  for (const [userId, rooms] of Object.entries(direct)) {
    if (botUserIds.has(userId)) continue;
    const others: unknown = Array.isArray(rooms) ? rooms.filter((room) => !withBot.has(String(room))) : rooms;
    const isOnlyBot =
      Array.isArray(others) && others.length === 0 && Array.isArray(rooms) && rooms.length > 0;
    if (!isOnlyBot) kept.push([userId, others]);
  }
  return Object.fromEntries(kept);
}
