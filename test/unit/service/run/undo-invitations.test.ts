import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  TARGET,
  fakePerson,
  makePlan,
  request,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const PRIVATE = "!private:old.example";

let bot: FakeBot;
let servers: FakeHomeservers;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  bot = startFakeBot({ folder: await temporaryFolder(), servers });
  servers.rooms.get(PRIVATE)?.faults.refused.add(TARGET);
  await makePlan(bot);
  await bot.runServices.start();
  await bot.runServices.starter.start(request);
  await vi.advanceTimersByTimeAsync(0);
  await bot.runServices.control.cancel(OWNER);
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

it.each<{ name: string; leaves: boolean; kept: readonly string[] }>([
  { name: "is withdrawn while the old account is in the room", leaves: false, kept: [] },
  { name: "stays where the old account has left the room", leaves: true, kept: [PRIVATE] },
])("an invitation that nobody has accepted $name", async ({ leaves, kept }) => {
  expect(servers.rooms.get(PRIVATE)?.members.get(TARGET)).toMatchObject({ membership: "invite" });
  if (leaves) servers.rooms.get(PRIVATE)?.members.set(SOURCE, { membership: "leave" });
  const preview = await bot.runServices.starter.previewUndo(request);
  expect(preview).toMatchObject({ status: "possible" });
  if (preview.status !== "possible") return;
  expect(preview.kept.map(({ room }) => room.roomId)).toEqual(kept);
  expect(preview.invitations.map(({ roomId }) => roomId).includes(PRIVATE)).toBe(!leaves);
});
