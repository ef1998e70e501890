import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReportRoom } from "../../src/model/report.ts";
import { storedMembership } from "../lab/homeservers/stored-events.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { eventually } from "../support/eventually.ts";
import type { Fault, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { AccountOnServer, kindOf } from "../support/servers/account-on-server.ts";

/** The rooms of this file, by what happens in them during the move. */
type RoomName = "withdrawn" | "removed" | "vain" | "declined";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  /** Made the rooms of this file. */
  moderator: AccountOnServer;
  rooms: Readonly<Record<RoomName, string>>;
  startedAt: number;
}

const story = {} as Story;

describe("a move in which people refuse what servers have accepted", () => {
  beforeAll(async () => {
    const move = await createFaultyMoveEnvironment({ seed: 47, rooms: { count: 6 } });
    const person = move.population.people.find(({ side }) => side === "old");
    if (person === undefined) throw new Error("there is no moderator");
    const moderator = new AccountOnServer(move.pair, person);
    story.move = move;
    story.moderator = moderator;
    story.rooms = {
      withdrawn: await makeRoom("invite"),
      removed: await makeRoom("public"),
      vain: await makeRoom("public"),
      declined: await makeRoom("knock"),
    };
    await invite(story.rooms.withdrawn, move.target.userId);
    await move.ask("!migrate plan");
    const removal = new Map([
      [story.rooms.removed, "new accounts wait a day"],
      [story.rooms.declined, "members only"],
    ]);
    let vainJoins = 1;
    let withdrawal: Promise<void> | null = null;
    move.newServer.setRule((request): Fault | undefined => {
      const roomId = enteredBy(request);
      if (roomId === story.rooms.vain && vainJoins > 0) {
        vainJoins -= 1;
        // The answer of a join, from a server that does not join.
        return { kind: "huge", bytes: 10 };
      }
      // The moderator withdraws the invitation while the account accepts it.
      if (roomId === story.rooms.withdrawn) {
        withdrawal ??= remove(roomId, "wrong room");
        return { kind: "hold", until: withdrawal };
      }
      const reason = removal.get(roomId ?? "");
      if (roomId === null || reason === undefined) return undefined;
      removal.delete(roomId);
      return { kind: "hold-answer", until: removeOnceSeen(roomId, reason) };
    });
    story.startedAt = Date.now();
    await move.ask("!migrate start");
    await move.waitFor(/The move is done\./u);
  });

  afterAll(() => story.move.close());

  it("reports who removed the account and why, and leaves no room planned", async () => {
    const rows = await report(1);
    const { moderator, rooms } = story;
    const by = (did: string) => ({ code: "refused", text: expect.stringContaining(did) });
    expect(rows.get(rooms.removed)).toMatchObject({
      route: "ask_moderator",
      status: "needs_moderator",
      reason: by("new accounts wait a day"),
      helpers: [{ userId: moderator.userId }],
    });
    expect(rows.get(rooms.declined)).toMatchObject({
      route: "knock",
      status: "needs_moderator",
      reason: by("members only"),
    });
    expect(rows.get(rooms.vain)).toMatchObject({ status: "done" });
    expect(rows.get(rooms.withdrawn)).toMatchObject({ status: "needs_moderator" });
    expect([...rows.values()].filter(({ status }) => status === "planned")).toEqual([]);
  });

  it("does not join a room again by another start after a person has refused", async () => {
    const { move, rooms } = story;
    await move.ask("!migrate plan", /^Plan 2/u);
    await move.ask("!migrate start");
    const joins = (await memberEvents(rooms.removed)).filter((kind) => kind === "join");
    const knocks = (await memberEvents(rooms.declined)).filter((kind) => kind === "knock");
    expect([joins, knocks]).toEqual([["join"], ["knock"]]);
    expect((await move.target.joinedRooms()).has(rooms.vain)).toBe(true);
  });

  it("accepts an invitation that was withdrawn and is sent again", async () => {
    const { move, rooms } = story;
    await invite(rooms.withdrawn, move.target.userId);
    await expect
      .poll(async () => (await move.target.joinedRooms()).has(rooms.withdrawn), {
        interval: 500,
      })
      .toBe(true);
  });

  it("knocks once more at a named room, and the move takes up what people answer", async () => {
    const { move, rooms, moderator } = story;
    const question = await move.ask(`!knock ${rooms.declined}`, /Shall I knock at 1 room/u);
    expect(question).toContain("members only");
    await move.ask("knock", /^Started\./u);
    await move.waitFor(/^Knocking is done\./u);
    const knocks = (await moderator.changes(rooms.declined, story.startedAt)).filter(
      (event) => event.state_key === move.target.userId && kindOf(event) === "knock",
    );
    expect(knocks.map(({ content }) => content["reason"])).toEqual(
      Array.from({ length: 2 }, () => `${move.source.userId} (a member here) moves to this account`),
    );
    expect((await report(2)).get(rooms.declined)).toMatchObject({
      route: "knock",
      status: "needs_moderator",
      reason: { code: "no_invite_power" },
    });
    await remove(rooms.declined, "not yet");
    await move.waitFor(/declined the knock: “not yet”/u);
    expect((await report(2)).get(rooms.declined)).toMatchObject({ reason: { code: "refused" } });
    await invite(rooms.declined, move.target.userId);
    await move.waitFor(/Your new account is in The knock room \S+ now/u);
  });
});

/** A room of the moderator that the source has joined, without power. */
async function makeRoom(rule: string): Promise<string> {
  const { move, moderator } = story;
  const made = await moderator.act("POST", "/createRoom", {
    name: `The ${rule} room`,
    preset: rule === "public" ? "public_chat" : "private_chat",
    room_version: "11",
    initial_state: [{ type: "m.room.join_rules", state_key: "", content: { join_rule: rule } }],
    power_level_content_override: { invite: 50 },
  });
  const roomId = String(made["room_id"]);
  await invite(roomId, move.source.userId);
  await move.source.act("POST", `/join/${encodeURIComponent(roomId)}`);
  return roomId;
}

async function invite(roomId: string, userId: string): Promise<void> {
  await story.moderator.act("POST", `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: userId });
}

async function remove(roomId: string, reason: string): Promise<void> {
  const body = { user_id: story.move.target.userId, reason };
  await story.moderator.act("POST", `/rooms/${encodeURIComponent(roomId)}/kick`, body);
}

/** Resolves when the account is removed, as both servers know if both are in the room. */
async function removeOnceSeen(roomId: string, reason: string): Promise<void> {
  const { moderator, move } = story;
  const seen = await eventually("a member", async () => {
    const membership = await moderator.membershipOf(move.target.userId, roomId);
    return membership === "join" || membership === "knock" ? membership : undefined;
  });
  // Answers once the new server has fetched the room. After an earlier removal it cannot be read.
  await move.target.membershipOf(moderator.userId, roomId);
  await remove(roomId, reason);
  // The server of an account that knocks is not informed.
  if (seen === "knock") return;
  await eventually("the removal", () => {
    return storedMembership(move.pair.new, move.target.userId, roomId) === "leave" || undefined;
  });
}

/** The room that a request joins or knocks at; `null` for any other request. */
function enteredBy({ method, path }: ProxiedRequest): string | null {
  const roomId = /\/(?:join|knock)\/([^/]+)$/u.exec(path)?.[1];
  return method !== "POST" || roomId === undefined ? null : decodeURIComponent(roomId);
}

/** @param plan the number of the last plan */
async function report(plan: number): Promise<ReadonlyMap<string, ReportRoom>> {
  const { rooms } = await story.move.askForReport("!report --format json", `report-${plan}.json`);
  return new Map(rooms.map((room) => [room.roomId, room]));
}

/** The memberships that the target had in a room since the start, in order. */
async function memberEvents(roomId: string): Promise<string[]> {
  const { moderator, move, startedAt } = story;
  const events = await moderator.changes(roomId, startedAt);
  return events.filter((event) => event.state_key === move.target.userId).map(kindOf);
}
