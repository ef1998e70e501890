import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../../planning/room-mapping.ts";
import { statusOfContent } from "./desired-content.ts";
import { desiredAccountData } from "./desired.ts";
import type { DesiredAccountData } from "./desired.ts";

export function compareAccountData(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<DesiredAccountData> {
  return compareItems(
    "account_data",
    desiredAccountData(source.snapshot.accountData, roomIdOnTarget),
    ({ type }) => type,
    (item) => statusOfContent(item, target.snapshot.accountData.get(item.type)),
  );
}
