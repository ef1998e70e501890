import type { DataFile } from "../../../model/room-file.ts";
import type { ExportOptions } from "../../files.ts";
import { isJsonObject } from "../api/json.ts";
import { desiredContent } from "../categories/account-data/desired-content.ts";
import { READ_MARKER_TYPE } from "../categories/read-markers/plan.ts";
import type { OpenAccount } from "../open-account.ts";
import { readOpenAccount } from "../open-account.ts";
import type { AccountReading } from "../reading/account-reading.ts";

/** Types of the account, and of rooms, that have a category of their own, and are moved. */
const OF_ACCOUNT: ReadonlySet<string> = new Set(["m.direct", "m.ignored_user_list"]);
const OF_ROOMS: ReadonlySet<string> = new Set([READ_MARKER_TYPE]);
/** Types that a file has in a member of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.push_rules", "m.tag"]);

/** The settings of an account, as far as a move copies them. */
export async function exportData(
  opened: OpenAccount,
  { generatedAt, onProgress }: ExportOptions,
): Promise<DataFile> {
  const { userId } = opened.account;
  const reading = await readOpenAccount(opened, userId, {
    onProgress,
    withLastActivity: false,
    isOtherMemberNeeded: false,
  });
  return dataFile(reading, generatedAt);
}

export function dataFile(
  {
    snapshot: { userId, accountData },
    roomAccountData,
    roomTags,
    pushRules,
    profile,
  }: Pick<AccountReading, "snapshot" | "roomAccountData" | "roomTags" | "pushRules" | "profile">,
  generatedAt: Date,
): DataFile {
  const { displayName, avatarUrl, fields } = profile;
  return {
    ...{ schema: 1, kind: "data", account: userId, generatedAt: generatedAt.toISOString() },
    accountData: copied(accountData, OF_ACCOUNT),
    pushRules: { global: pushRules },
    tags: Object.fromEntries(
      [...roomTags]
        .filter(([, tags]) => tags.length > 0)
        .map(([roomId, tags]) => [
          roomId,
          Object.fromEntries(tags.map(({ name, order }) => [name, order === null ? {} : { order }])),
        ]),
    ),
    profile: {
      ...(displayName !== null && { displayname: displayName }),
      ...(avatarUrl !== null && { avatar_url: avatarUrl }),
      ...Object.fromEntries(fields),
    },
    roomAccountData: Object.fromEntries(
      [...roomAccountData]
        .map(([roomId, contents]) => [roomId, copied(contents, OF_ROOMS)] as const)
        .filter(([, contents]) => Object.keys(contents).length > 0),
    ),
  };
}

/** What a move copies of account data: nothing secret, and nothing of one device. */
function copied(
  contents: ReadonlyMap<string, unknown>,
  movedByThemselves: ReadonlySet<string>,
): Record<string, Record<string, unknown>> {
  const found: [string, Record<string, unknown>][] = [];
  for (const [type, content] of contents) {
    if (ELSEWHERE.has(type) || !isJsonObject(content)) continue;
    const desired = desiredContent(type, content, (roomId) => roomId);
    const isCopied = desired !== null && typeof desired !== "string";
    if (isCopied || movedByThemselves.has(type)) found.push([type, content]);
  }
  return Object.fromEntries(found);
}
