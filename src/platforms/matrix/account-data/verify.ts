import { compareItems } from "../comparison.ts";
import type { Comparison } from "../comparison.ts";
import type { AccountContents } from "../contents.ts";
import type { RoomIdOnTarget } from "../room-mapping.ts";
import { standingOfContent } from "./wanted-content.ts";
import { wantedAccountData } from "./wanted.ts";
import type { WantedAccountData } from "./wanted.ts";

export function verifyAccountData(
  source: AccountContents,
  target: AccountContents,
  roomIdOnTarget: RoomIdOnTarget,
): Comparison<WantedAccountData> {
  return compareItems(
    "account_data",
    wantedAccountData(source.snapshot.accountData, roomIdOnTarget),
    ({ type }) => type,
    (item) => standingOfContent(item, target.snapshot.accountData.get(item.type)),
  );
}
