import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PlanFilters } from "../../../../src/model/filters.ts";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { Readings } from "../../../../src/service/plan/readings.ts";
import { listSourceRooms } from "../../../../src/service/plan/room-listing.ts";
import { convertChat } from "../../../../src/service/run/convert-chat.ts";
import type { ConvertRequest } from "../../../../src/service/run/requests.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  BOT,
  OWNER,
  SOURCE,
  TARGET,
  startFakeBot,
  fakePerson,
  request,
  signIn,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers } from "../../../support/fakes/fake-homeservers.ts";
import { MODERATOR } from "../../../support/fakes/fake-room.ts";
import { accountsIn } from "../../../support/store/accounts-in.ts";
import { showList } from "../../../support/store/shown-list.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const ALIAS = "#old-name:old.example";

let bot: FakeBot;
let servers: FakeHomeservers;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  bot = startFakeBot({ folder: await temporaryFolder(), servers });
  await signIn(bot);
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

async function plan(more: Partial<PlanFilters> = {}) {
  const result = await bot.planning.plan({
    ...request,
    filters: { ...NO_FILTERS, categories: null, ...more },
  });
  if (result.status !== "planned") throw new Error(`no plan: ${result.status}`);
  return result.plan;
}

function convert(convertRequest: ConvertRequest) {
  return convertChat(OWNER, convertRequest, {
    planning: bot.planning,
    accounts: accountsIn(bot.store.store),
    platform: bot.platform,
    botUserId: BOT,
  });
}

/** The bot says something to a person. */
async function speakIn(roomId: string, forUser: string): Promise<void> {
  const message = {
    roomId,
    forUser,
    cause: null,
    kind: "message" as const,
    content: {},
    priority: 1 as const,
  };
  await bot.store.store.outbox.add({ ...message, transactionId: `${forUser} in ${roomId}` }, 0);
}

/** Puts an account into a room in place of the moderator who created it. Default: the bot. */
function enter(roomId: string, who = BOT): void {
  const members = servers.rooms.get(roomId)?.members;
  members?.delete(MODERATOR);
  members?.set(who, { membership: "join" });
}

async function routeOf(roomId: string): Promise<string | undefined> {
  return (await plan()).report.rooms.find((room) => room.roomId === roomId)?.route;
}

describe("chats with the bot that have a name and are in no list of direct chats", () => {
  it.each([
    ["the person who commands it", OWNER],
    ["the old account", SOURCE],
  ])("are left out when it has spoken there to %s", async (_who, forUser) => {
    enter("!closed:old.example");
    expect(await routeOf("!closed:old.example")).not.toBe("excluded");
    await speakIn("!closed:old.example", forUser);
    expect(await routeOf("!closed:old.example")).toBe("excluded");
  });

  it.each(["join", "invite"])(
    "are left out though the new account was brought there (%s)",
    async (membership) => {
      enter("!council:old.example");
      servers.rooms.get("!council:old.example")?.members.set(TARGET, { membership });
      await speakIn("!council:old.example", OWNER);
      expect(await routeOf("!council:old.example")).toBe("excluded");
    },
  );

  it("are not those in which others are too, or in which it has spoken to somebody else", async () => {
    enter("!private:old.example");
    enter("!closed:old.example");
    await speakIn("!private:old.example", OWNER);
    await speakIn("!closed:old.example", "@other:old.example");
    expect(await routeOf("!private:old.example")).toBe("invite");
    expect(await routeOf("!closed:old.example")).not.toBe("excluded");
  });

  it("are not rooms whose number of members is unknown", async () => {
    enter("!closed:old.example");
    servers.uncounted.add("!closed:old.example");
    await speakIn("!closed:old.example", OWNER);
    expect(await routeOf("!closed:old.example")).not.toBe("excluded");
  });

  it("are not rooms to which the old account is only invited, since it sees no members there", async () => {
    enter("!closed:old.example");
    servers.rooms.get("!closed:old.example")?.members.set(SOURCE, { membership: "invite" });
    await speakIn("!closed:old.example", OWNER);
    expect(await routeOf("!closed:old.example")).not.toBe("excluded");
  });

  it("are not those that the bot has left since", async () => {
    await speakIn("!closed:old.example", OWNER);
    expect(await routeOf("!closed:old.example")).toBe("ask_moderator");
    servers.rooms.get("!closed:old.example")?.members.set(BOT, { membership: "leave" });
    expect(await routeOf("!closed:old.example")).toBe("ask_moderator");
  });

  it("are not those in which somebody else is while the new account only knocks", async () => {
    enter("!closed:old.example");
    enter("!closed:old.example", "@bo:old.example");
    servers.rooms.get("!closed:old.example")?.members.set(TARGET, { membership: "knock" });
    await speakIn("!closed:old.example", OWNER);
    expect(await routeOf("!closed:old.example")).not.toBe("excluded");
  });
});

describe("an alias that the room does not give as its own", () => {
  it("names the room in every filter", async () => {
    servers.aliases.set(ALIAS, "!public:old.example");
    const { report, unknownRooms } = await plan({ only: [ALIAS] });
    expect(report.rooms.filter(({ route }) => route !== "excluded").map(({ roomId }) => roomId)).toEqual([
      "!public:old.example",
    ]);
    expect(unknownRooms).toEqual([]);
    expect(
      (await plan({ exclude: [ALIAS] })).report.rooms.find(({ route }) => route === "excluded")?.roomId,
    ).toBe("!public:old.example");
  });

  it("is unknown, as it was typed, where it leads nowhere or to a room of others", async () => {
    servers.aliases.set(ALIAS, "!elsewhere:old.example");
    expect((await plan({ only: [ALIAS, "#nowhere:old.example"] })).unknownRooms).toEqual([
      ALIAS,
      "#nowhere:old.example",
    ]);
  });

  it("keeps naming the room that it pointed to when the plan was made", async () => {
    servers.aliases.set(ALIAS, "!public:old.example");
    await plan({ exclude: [ALIAS] });
    servers.aliases.delete(ALIAS);
    servers.hangingAliases.add(ALIAS);
    await bot.runServices.start();
    expect((await bot.runServices.starter.start(request)).status).toBe("started");
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect((await bot.store.store.runs.last(OWNER))?.endedAt).not.toBeNull();
    expect(servers.seen.filter((seen) => seen.includes("!public:old.example"))).toEqual([]);
  });

  it("is not looked up again once it was unknown", async () => {
    await plan({ exclude: [ALIAS] });
    servers.hangingAliases.add(ALIAS);
    expect((await bot.runServices.starter.start(request)).status).toBe("started");
  });

  it("stops the command that it was typed for when its server hangs", async () => {
    servers.hangingAliases.add(ALIAS);
    const unanswered = { status: "unanswered_alias", alias: ALIAS };
    const { starter } = bot.runServices;
    const filters = { ...NO_FILTERS, categories: null };
    expect(await bot.planning.plan({ ...request, filters: { ...filters, exclude: [ALIAS] } })).toEqual(
      unanswered,
    );
    expect(await starter.inviteAll({ ...request, filters, rooms: [ALIAS] })).toEqual(unanswered);
    expect(await convert({ room: ALIAS, partner: null, toDirect: true })).toEqual(unanswered);
    const listed = { rooms: { ...NO_FILTERS, spaces: [ALIAS] }, inactiveSince: null, isAlone: false };
    const { platform, store } = bot;
    const asked = { filters: listed, onProgress: () => undefined };
    const using = { accounts: store.store.accounts, platform, readings: new Readings() };
    expect(await listSourceRooms(OWNER, asked, using)).toEqual(unanswered);
    expect(await bot.planning.last(OWNER)).toBeNull();
  });

  it("names a room to invite into", async () => {
    servers.aliases.set(ALIAS, "!private:old.example");
    const filters = { ...NO_FILTERS, categories: null };
    const started = await bot.runServices.starter.inviteAll({ ...request, filters, rooms: [ALIAS] });
    expect(started.status).toBe("started");
  });

  it("names a room to be made a direct chat", async () => {
    servers.aliases.set(ALIAS, "!council:old.example");
    const converted = { room: ALIAS, partner: "@bo:old.example", toDirect: true };
    expect(await convert(converted)).toMatchObject({
      status: "converted",
      roomId: "!council:old.example",
    });
    expect(await convert({ ...converted, room: "#nowhere:old.example" })).toEqual({
      status: "not_in_room",
      room: "#nowhere:old.example",
    });
  });
});

describe("a part of a move", () => {
  it.each(["inviteAll", "joinAll"] as const)(
    "(%s) does nothing when a filter names what is no room of the account",
    async (part) => {
      const filters = { ...NO_FILTERS, categories: null, exclude: ["#nowhere:old.example"] };
      expect(await bot.runServices.starter[part]({ ...request, filters, rooms: [] })).toEqual({
        status: "unknown_rooms",
        rooms: ["#nowhere:old.example"],
      });
      expect(servers.seen).toEqual([]);
    },
  );

  it("shows in the report what it did", async () => {
    await plan();
    await bot.runServices.start();
    const statusOf = async (roomId: string) =>
      (await bot.runServices.overview.lastPlan(OWNER))?.report.rooms.find((room) => room.roomId === roomId)
        ?.status;
    expect(await statusOf("!public:old.example")).toBe("planned");
    const filters = { ...NO_FILTERS, categories: null };
    await bot.runServices.starter.joinAll({ ...request, filters, rooms: [] });
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await bot.store.store.runs.last(OWNER))?.state).toBe("over");
    expect(await statusOf("!public:old.example")).toBe("done");
    expect(await statusOf("!private:old.example")).toBe("planned");
  });

  it("ends though an account can't be read any more", async () => {
    await plan();
    await bot.runServices.start();
    const filters = { ...NO_FILTERS, categories: null };
    await bot.runServices.starter.inviteAll({ ...request, filters, rooms: ["!private:old.example"] });
    servers.signedOut.add(TARGET);
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await bot.store.store.runs.last(OWNER))?.state).toBe("over");
  });

  it("shows no list of rooms at its end, so that numbers count in the list before", async () => {
    const { plans, runs } = bot.store.store;
    await showList(bot.store.store, OWNER, ["!before:old.example"]);
    await bot.runServices.start();
    const filters = { ...NO_FILTERS, categories: null };
    expect((await bot.runServices.starter.inviteAll({ ...request, filters, rooms: [] })).status).toBe(
      "started",
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await runs.last(OWNER))?.state).toBe("over");
    expect(await plans.numberedRoomIds(OWNER)).toEqual(["!before:old.example"]);
  });
});
