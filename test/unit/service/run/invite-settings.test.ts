import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { OWNER, SOURCE, TARGET, makePlan, request, startFakeBot } from "../../../support/fakes/fake-bot.ts";
import { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { fakeRoom, moderate } from "../../../support/fakes/fake-room.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const MINUTE = 60_000;
const STUBBORN = "!stubborn:old.example";
/** The new account is in it before the move. */
const OWN = "!own:old.example";
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
    fakeRoom({ roomId: OWN, members: { ...members, [TARGET]: "join" }, rule: "public" }),
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

function written(): unknown {
  return servers.accounts.get(TARGET)?.accountData.get(TYPE);
}

describe("a setting that refuses invitations", () => {
  it("is not copied while a room waits for a person that the plan had expected to join by itself", async () => {
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

  it.each([
    { name: "by the move", roomId: "!public:old.example" },
    { name: "before the move", roomId: OWN },
  ])("is not held back by a room that was joined $name and that the person has left", async ({ roomId }) => {
    await makePlan(bot);
    await bot.runServices.start();
    await bot.runServices.starter.start(request);
    await vi.advanceTimersByTimeAsync(MINUTE);
    const left = servers.rooms.get(roomId);
    left?.members.set(TARGET, { membership: "leave" });
    left?.memberSetBy.set(TARGET, { sender: TARGET, at: Date.now() });
    moderate(servers.rooms.get(STUBBORN), TARGET, { membership: "invite" });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect((await bot.store.store.runs.last(OWNER))?.state).toBe("over");
    expect(written()).toEqual(BLOCKING);
    expect(left?.members.get(TARGET)).toEqual({ membership: "leave" });
  });
});
