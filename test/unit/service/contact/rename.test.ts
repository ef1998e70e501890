import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import type { Decision } from "../../../../src/platforms/planning.ts";
import type { RenameOrder } from "../../../../src/platforms/telling.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  TARGET,
  fakePerson,
  request,
  signIn,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { passTimeUntil } from "../../../support/fakes/fake-time.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

let bot: FakeBot;
let servers: FakeHomeservers;
let folder: string;
/** Crashes the process when the name is written and not yet recorded. */
let isCrashing: boolean;

async function start(): Promise<void> {
  bot = startFakeBot({
    folder,
    servers,
    onRequest: ({ method, path }, crash) => {
      if (method !== "PUT" || !path.endsWith("/displayname")) return;
      spread();
      if (isCrashing) crash();
    },
  });
  await bot.runServices.start();
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  folder = await temporaryFolder();
  isCrashing = false;
  await start();
  await signIn(bot);
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

const isOver = async (): Promise<boolean> => (await bot.store.store.runs.last(OWNER))?.state === "over";

/** Shows an order, and confirms it. */
async function confirm(order: Partial<RenameOrder>, eventId: string): Promise<void> {
  const asked = {
    ...({ ...request, kind: "rename", purpose: "rename" } as const),
    address: { ...request.address, eventId },
    order: { name: null, rooms: [], undo: false, ...order },
  };
  const { proposals } = bot.runServices;
  const preview = await proposals.preview(asked);
  if (preview.status !== "possible") throw new Error(preview.status);
  expect(await proposals.confirm(asked, preview.shown)).toMatchObject({ status: "started" });
}

const nameOf = (userId: string): unknown => servers.accounts.get(userId)?.profile["displayname"];

const nameIn = (roomId: string): unknown => servers.rooms.get(roomId)?.members.get(SOURCE)?.["displayname"];

/** The server writes the name into every room of the old account. */
function spread(): void {
  for (const { members } of servers.rooms.values()) {
    const own = members.get(SOURCE);
    if (own?.["membership"] === "join") members.set(SOURCE, { ...own, displayname: nameOf(SOURCE) });
  }
}

/** The former names come back: the account's, then the one of a room, which that overwrites. */
async function expectFormerNames(): Promise<void> {
  await passTimeUntil(async () => nameOf(SOURCE) === "Me" && (await isOver()));
  expect(nameIn("!private:old.example")).toBe("Maestro");
  expect(nameIn("!public:old.example")).toBe("Me");
}

async function decide(): Promise<Decision> {
  const filters = { ...NO_FILTERS, categories: null };
  const move = await bot.planning.decide({ ...request, filters });
  if ("status" in move) throw new Error(move.status);
  return move.decision;
}

/** What a plan says about names: the profile, and the rooms with a name of their own. */
function namesIn({ plan, wholePlan }: Decision): unknown {
  const { categories } = plan.report;
  const { steps } = wholePlan({ filters: { categories: null } });
  return {
    categories: categories.filter(({ name }) => name === "profile" || name === "room_profiles"),
    steps: steps
      .filter(({ kind }) => kind === "profile_field" || kind === "room_profile")
      .map(({ key, payload }) => [key, payload]),
  };
}

describe("a new name of the old account", () => {
  it("is seen by everybody but the move, until it is taken back with the move", async () => {
    const before = await decide();
    expect(before.finish()).toMatchObject({ isRenamed: false });
    await confirm({}, "$rename");
    await passTimeUntil(isOver);
    expect(nameOf(SOURCE)).toBe(`Me (now ${TARGET})`);
    const after = await decide();
    expect(namesIn(after)).toEqual(namesIn(before));
    expect(after.finish()).toMatchObject({ isRenamed: true });
    const preview = await bot.runServices.starter.previewUndo(request);
    if (preview.status !== "possible") throw new Error(preview.status);
    expect(preview.renamed).toEqual({ isEverywhere: true, rooms: 0 });
    await bot.runServices.starter.undo(
      { owner: OWNER, address: { ...request.address, eventId: "$undo" } },
      { shown: preview.shown, leavesAnyway: false },
    );
    await expectFormerNames();
  });

  it("is known after a crash between its write and its record", async () => {
    const before = await decide();
    isCrashing = true;
    await confirm({}, "$rename");
    await passTimeUntil(() => bot.hasCrashed());
    isCrashing = false;
    await start();
    expect(namesIn(await decide())).toEqual(namesIn(before));
    await passTimeUntil(isOver);
    await confirm({ undo: true }, "$back");
    await expectFormerNames();
    expect(await bot.runServices.starter.previewUndo(request)).toEqual({ status: "nothing_to_undo" });
  });
});
