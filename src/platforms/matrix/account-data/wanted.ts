import type { Wanted } from "../comparison.ts";
import type { NotMoved } from "../not-moved.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";
import { wantedContent } from "./wanted-content.ts";
import type { WantedContent } from "./wanted-content.ts";

export interface WantedAccountData extends WantedContent {
  readonly type: string;
}

/** They have categories of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.direct", "m.ignored_user_list", "m.push_rules"]);

/** Global account data by the table in protocol-facts.md section 5. */
export function wantedAccountData(
  accountData: ReadonlyMap<string, unknown>,
  roomIdOnTarget: RoomIdOnTarget,
): Wanted<WantedAccountData> {
  const wanted: WantedAccountData[] = [];
  const notMoved: NotMoved[] = [];
  for (const [type, content] of accountData) {
    if (ELSEWHERE.has(type)) continue;
    const found = wantedContent(type, content, roomIdOnTarget);
    if (typeof found === "string") notMoved.push({ category: "account_data", item: type, code: found });
    else if (found !== null) wanted.push({ type, ...found });
  }
  return { wanted, notMoved };
}
