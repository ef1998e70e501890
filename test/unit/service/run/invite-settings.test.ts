import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { OWNER, SOURCE, TARGET, makePlan, request, startFakeBot } from "../../../support/fakes/fake-bot.ts";
import { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { fakeRoom, moderate } from "../../../support/fakes/fake-room.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const MINUTE = 60_000;
const STUBBORN = "!stubborn:old.example";
const TYPE = "m.invite_permission_config";
const BLOCKING = { default_action: "block" };

let bot: FakeBot;
let servers: FakeHomeservers;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const members = { [SOURCE]: "join" };
  const rooms = [
    fakeRoom({ roomId: "!public:old.example", members, rule: "public" }),
    fakeRoom({ roomId: STUBBORN, members, rule: "public", isStubborn: true }),
  ];
  const account = (userId: string, accountData: ReadonlyMap<string, object>) => ({
    ...{ userId, profile: {}, roomAccountData: new Map(), pushRules: {} },
    accountData: new Map(accountData) as Map<string, Record<string, unknown>>,
  });
  servers = new FakeHomeservers(rooms, [
    account(SOURCE, new Map([[TYPE, BLOCKING]])),
    account(TARGET, new Map()),
  ]);
  bot = startFakeBot({ folder: await temporaryFolder(), servers });
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

function statusOf(roomId: string, rooms: readonly { roomId: string; status: string }[] = []) {
  return rooms.find((room) => room.roomId === roomId)?.status;
}

describe("a setting that refuses invitations", () => {
  it("is not copied while a room waits for a person that the plan had expected to join by itself", async () => {
    const written = () => servers.accounts.get(TARGET)?.accountData.get(TYPE);
    await makePlan(bot);
    expect(statusOf(STUBBORN, (await bot.planning.last(OWNER))?.report.rooms)).toBe("planned");
    await bot.runServices.start();
    await bot.runServices.starter.start(request);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect((await bot.store.store.runs.last(OWNER))?.state).toBe("watching");
    expect(statusOf(STUBBORN, (await bot.planning.last(OWNER))?.report.rooms)).toBe("needs_moderator");
    expect(written()).toBeUndefined();
    moderate(servers.rooms.get(STUBBORN), TARGET, { membership: "invite" });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect((await bot.store.store.runs.last(OWNER))?.state).toBe("over");
    expect(written()).toEqual(BLOCKING);
  });
});
