import type { Desired } from "../comparison.ts";
import type { NotMoved } from "../not-moved.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { desiredContent } from "./desired-content.ts";
import type { DesiredContent } from "./desired-content.ts";

export interface DesiredAccountData extends DesiredContent {
  readonly type: string;
}

/** They have categories of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["m.direct", "m.ignored_user_list", "m.push_rules"]);

/** Global account data by the table in protocol-facts.md section 5. */
export function desiredAccountData(
  accountData: ReadonlyMap<string, unknown>,
  roomIdOnTarget: RoomIdOnTarget,
): Desired<DesiredAccountData> {
  const wanted: DesiredAccountData[] = [];
  const notMoved: NotMoved[] = [];
  for (const [type, content] of accountData) {
    if (ELSEWHERE.has(type)) continue;
    const found = desiredContent(type, content, roomIdOnTarget);
    if (typeof found === "string") notMoved.push({ category: "account_data", item: type, code: found });
    else if (found !== null) wanted.push({ type, ...found });
  }
  return { wanted, notMoved };
}
