import { expect, it } from "vitest";
import type { Account, Side } from "../../../../src/model/account.ts";
import type { ExportOptions } from "../../../../src/platforms/files.ts";
import { FileExports } from "../../../../src/service/files/export.ts";
import { Readings } from "../../../../src/service/plan/readings.ts";

const OLD = "@me:old.example";
const NEW = "@me:new.example";
const BOT = "@mover:bot.example";

function account(side: Side, userId: string): Account {
  return {
    ...{ owner: OLD, side, userId, baseUrl: "https://x.example", method: "token", deviceId: null },
    signedInAt: 0,
  };
}

function exporting(signedIn: Readonly<Partial<Record<Side, Account>>>) {
  const given: ExportOptions[] = [];
  const remember = async (_account: Account, options: ExportOptions): Promise<never> => {
    given.push(options);
    throw new Error("read");
  };
  const service = new FileExports({
    accounts: { get: async (_owner, side) => signedIn[side] ?? null },
    files: { rooms: remember, data: remember },
    contacts: {
      chats: async () =>
        ["!opened", null].map((roomId) => ({
          ...{ roomId, partner: "@ann:x", by: OLD, purpose: "ask", at: 0, state: "open" },
        })),
    },
    outbox: { roomsOf: async (userIds) => userIds.map((userId) => `!spoken with ${userId}`) },
    readings: new Readings(),
    botUserId: BOT,
    now: () => 0,
  });
  const request = { owner: OLD, botRoomIds: ["!chat"], onProgress: () => undefined };
  return { service, request, given };
}

it.each(["rooms", "data"] as const)(
  "an export of %s knows the chats with the bot that a plan knows",
  async (what) => {
    const { service, request, given } = exporting({
      source: account("source", OLD),
      target: account("target", NEW),
    });
    await expect(service[what](request)).rejects.toThrow("read");
    expect(given).toMatchObject([
      {
        ...{ botUserId: BOT, targetUserId: NEW, botRoomIds: ["!chat", "!opened"] },
        spokenIn: [OLD, OLD, NEW].map((userId) => `!spoken with ${userId}`),
      },
    ]);
  },
);

it("an export needs only the old account", async () => {
  const { service, request, given } = exporting({ source: account("source", OLD) });
  await expect(service.rooms(request)).rejects.toThrow("read");
  expect(given).toMatchObject([{ targetUserId: null }]);
  expect(await exporting({}).service.rooms(request)).toEqual({
    ...{ status: "not_signed_in", missing: ["source"] },
  });
});
