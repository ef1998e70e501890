import { expect, it } from "vitest";
import type { Account, FileAccount } from "../../../../src/model/account.ts";
import type { RoomConversion } from "../../../../src/platforms/platform.ts";
import { convertChat } from "../../../../src/service/run/convert-chat.ts";

const OLD = "@me:old.example";
const BOT = "@bot:new.example";
const FILE: FileAccount = {
  ...{ owner: "", side: "source", userId: OLD, method: "file", importedAt: 2, writtenAt: 1 },
};
const TARGET: Account = {
  ...{ owner: "", side: "target", userId: "@me:new.example", baseUrl: "https://new.example" },
  ...{ method: "password", deviceId: null, signedInAt: 0 },
};

it("a chat is never with an old account that only files describe", async () => {
  const conversions: RoomConversion[] = [];
  const converted = await convertChat(
    "@owner:new.example",
    { room: "!chat", partner: null, toDirect: true },
    {
      planning: { last: async () => null },
      accounts: { of: async () => ({ source: FILE, target: TARGET }) },
      platform: {
        convertRoom: async (_account, conversion) => {
          conversions.push(conversion);
          return { status: "converted", roomId: "!chat", partner: "@friend:live.example" };
        },
      },
      botUserId: BOT,
    },
  );
  expect(converted).toMatchObject({ status: "converted", partner: "@friend:live.example" });
  expect(conversions.map(({ excluded }) => excluded)).toEqual([[BOT, OLD]]);
});
