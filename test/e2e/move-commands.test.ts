import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { textOf } from "../lab/person/person.ts";
import type { PopulatedRoom } from "../lab/population/population.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { FaultProxy, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { botSessions } from "../support/servers/server-api.ts";

/** A join is limited for this time, which is longer than any test here. */
const LIMIT_MS = 10 * 60_000;
/** For what happens without a command, on a slow and busy machine. */
const SOON = { interval: 500 };

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  /** Resolves when a request is held. */
  isHeld: Promise<unknown>;
  /** Lets the held requests continue. */
  release: () => void;
  /** The new account's state before the first command. */
  before: unknown;
  /** A room of the new account alone, in which it has a name of its own. */
  ownRoomId: string;
}

const story = {} as Story;

describe("the bot, when it is asked to move accounts", () => {
  beforeAll(async () => {
    story.move = await createFaultyMoveEnvironment({ seed: 51, rooms: { count: 18 } });
    story.before = await targetState();
  });

  afterAll(() => story.move.close());

  it("does nothing before there is a plan, and says how to make one", async () => {
    const { move } = story;
    expect(await move.ask("!migrate start")).toContain("There is no plan yet, so nothing was started.");
    expect(await move.ask("!migrate status")).toContain("Nothing was started yet.");
    expect(await move.ask("!migrate pause")).toContain("Nothing is under way.");
    expect(await move.ask("!migrate cancel")).toContain("nothing to cancel");
    expect(await move.ask("!migrate undo")).toContain("There is nothing to take back");
    expect(await move.ask("!migrate verify")).toContain("There is no plan yet");
  });

  it("gives a plan as a file in the report's format", async () => {
    const { move } = story;
    const plan = await move.askForReport("!migrate plan --json", "plan-1.json");
    expect(plan.rooms.map(({ roomId }) => roomId).toSorted()).toEqual(
      move.population.rooms.map(({ roomId }) => roomId).toSorted(),
    );
    expect(new Set(plan.rooms.map(({ status }) => status))).toEqual(new Set(["planned", "needs_moderator"]));
  });

  it("joins no room when the plan covers only other categories", async () => {
    const { move, before } = story;
    await move.ask("!migrate plan --categories tags", /^Plan 2/u);
    expect(await move.ask("!migrate start")).toContain(
      "There is nothing left to do in what the plan covers; it leaves out 18 rooms.",
    );
    expect(await targetState()).toEqual(before);
  });

  it("starts no plan that was made for other accounts than those signed in", async () => {
    const { move } = story;
    await move.ask("!migrate plan", /^Plan 3/u);
    const other = await move.register("new", "another");
    await move.ask(`!login new ${other.userId} --password ${other.password}`);
    expect(await move.ask("!migrate start")).toContain(
      "but your two accounts are other ones now. Nothing was started.",
    );
    await move.signIn("new");
  });

  it("says at the start what changed since the plan, and starts no second run beside the first", async () => {
    const { move } = story;
    const [changed] = roomsBy("invite");
    if (changed === undefined) throw new Error("no room is reached by an invitation");
    await move.source.act("POST", `/rooms/${encodeURIComponent(changed.roomId)}/invite`, {
      user_id: move.target.userId,
    });
    // Two joins pass, then the server limits them. Invitations are held.
    let joins = 0;
    move.newServer.setRule((request) =>
      isJoin(request) && ++joins > 2 ? { kind: "limit", retryAfterMs: LIMIT_MS } : undefined,
    );
    hold(move.oldServer, isInvite);
    const answer = await move.ask("!migrate start");
    expect(answer).toContain("Started.");
    expect(answer).toContain("Changed since the plan");
    expect(answer).toContain(changed.roomId);
    expect(await move.ask("!migrate start")).toContain("The move is already under way.");
    expect(await move.ask("!invite-all")).toContain("The move is already under way.");
  });

  it("shows during a run which steps are done, which run, and which wait, for what and until when", async () => {
    const { move } = story;
    const statusNow = (): Promise<string> => move.ask("!migrate status", /^The move /u);
    await expect.poll(statusNow, SOON).toContain("lets your new account join the next room");
    expect(await statusNow()).toContain("is under way");
    const roomsNow = async (): Promise<ExportedReport["rooms"]> =>
      (await move.askForReport("!report --format json", "report-3.json")).rooms;
    const statusesNow = async (): Promise<string[]> => (await roomsNow()).map(({ status }) => status);
    // A held invitation that gets no answer within half a minute waits a moment for its next try.
    await expect.poll(statusesNow, SOON).toEqual(expect.arrayContaining(["done", "running"]));
    const limited = (await roomsNow()).filter(({ waitingFor }) => waitingFor === "limit");
    expect(limited.length).toBeGreaterThan(0);
    for (const { status, until } of limited) {
      expect(status).toBe("waiting");
      expect(Date.parse(until ?? "")).toBeGreaterThan(Date.now());
    }
  });

  it("sends no request after it says that it is paused, and continues on !migrate resume", async () => {
    const { move } = story;
    const paused = await stop("!migrate pause", /^Stopping\. /u, /is paused/u);
    expect(paused).toContain("The move is paused. Nothing is half done.");
    const sent = requestCount();
    expect(await move.ask("!migrate status", /^The move /u)).toContain("is paused");
    expect(await move.ask("!migrate start")).toContain("The move is paused. !migrate resume resumes it");
    expect(await move.ask("!report")).toContain("Report of");
    expect(requestCount()).toBe(sent);
    // Two more joins pass, and the others are held.
    let joins = 0;
    hold(move.newServer, (request) => isJoin(request) && ++joins > 2);
    expect(await move.ask("!migrate resume")).toContain("The move is resumed.");
    expect(await move.ask("!migrate resume")).toContain("The move is under way.");
  });

  it("says on !migrate cancel what was done, as the servers have it", async () => {
    const { move } = story;
    const answer = await stop("!migrate cancel", /^Stopping\. /u, /is cancelled/u);
    expect(answer).toContain("The move is cancelled. What is done stays done.");
    const sent = requestCount();
    const joined = await move.target.joinedRooms();
    expect(joined.size).toBeGreaterThan(0);
    expect(answer).toContain(`- ${joined.size} room${joined.size === 1 ? "" : "s"} joined`);
    const invited = await Promise.all(
      roomsBy("invite")
        .slice(1)
        .map(async ({ roomId }) =>
          ["invite", "join"].includes((await move.source.membershipOf(move.target.userId, roomId)) ?? ""),
        ),
    );
    const invitations = invited.filter(Boolean).length;
    expect(answer).toContain(`- ${invitations} invitation${invitations === 1 ? "" : "s"} sent`);
    expect(await move.ask("!migrate status", /^The move /u)).toContain("was cancelled");
    expect(await move.ask("!migrate cancel")).toContain("nothing to cancel");
    expect(requestCount()).toBe(sent);
    move.newServer.setRule();
    move.oldServer.setRule();
  });

  it("undoes everything after a ✅ on its question, and only once", async () => {
    const { move, before } = story;
    const question = await move.askForMessage("!migrate undo");
    expect(textOf(question)).toContain("Shall I take back the move? Nothing was changed yet.");
    expect((await move.target.joinedRooms()).size).toBeGreaterThan(0);
    await move.typist.react(move.chatId, question.eventId, "✅");
    await move.waitFor(/^The undo is done\./u, { after: question.eventId });
    // Each server learns of the other account's part later.
    await expect.poll(targetState, SOON).toEqual(before);
    // The old server learns of the undo later. It could not invite a user whom it takes for a
    // member.
    const [, ...invited] = roomsBy("invite");
    const present = async (): Promise<unknown[]> => {
      const memberships = await Promise.all(
        invited.map(({ roomId }) => move.source.membershipOf(move.target.userId, roomId)),
      );
      return memberships.filter((membership) => membership === "join" || membership === "invite");
    };
    await expect.poll(present, SOON).toEqual([]);
    expect(await move.ask("!migrate undo")).toContain("There is nothing to take back");
  });

  it("only invites on !invite-all, and only joins on !join-all", async () => {
    const { move } = story;
    const [open] = roomsBy("join");
    const [named, ...others] = roomsBy("invite");
    if (open === undefined || named === undefined) throw new Error("such rooms are missing");
    const membershipOf = ({ roomId }: PopulatedRoom): Promise<string | null> =>
      move.source.membershipOf(move.target.userId, roomId);
    await start(`!invite-all ${named.roomId}`, /^The round of invitations is done\./u);
    expect(await membershipOf(named)).toBe("invite");
    expect(await Promise.all(others.map(membershipOf))).not.toContain("invite");
    await start("!invite-all", /^The round of invitations is done\./u);
    const memberships = await Promise.all(roomsBy("invite").map(membershipOf));
    expect(new Set(memberships)).toEqual(new Set(["invite"]));
    expect((await move.target.joinedRooms()).size).toBe(0);
    // The old account may not invite there, even if the person asks for it.
    const refused = await start(`!invite-all ${open.roomId}`, /^The round of invitations is done\./u);
    expect(refused.replaceAll("\u2060", "")).toMatch(
      new RegExp(`What did not work\\s+- invite:${open.roomId}: the server refused\\. It says: `, "u"),
    );
    await start("!join-all", /^The round of joins is done\./u);
    const joined = await move.target.joinedRooms();
    const missing = [...roomsBy("invite"), ...roomsBy("join")].filter(({ roomId }) => !joined.has(roomId));
    expect(missing).toEqual([]);
    expect(await move.target.accountData("m.direct")).toEqual(null);
  });

  it("lists a room as a direct chat with a mentioned person, and as a room again", async () => {
    const { move } = story;
    const room = move.population.rooms.find(
      ({ directWith, expected }) => directWith !== null && expected.route === "invite",
    );
    if (room === undefined || room.directWith === null) throw new Error("there is no direct chat");
    const [closed] = roomsBy("ask_moderator");
    const outside = await move.ask(`!converttodm ${closed?.roomId ?? ""} ${room.directWith}`);
    expect(outside).toContain("Your new account is not in");
    const link = `<a href="https://matrix.to/#/${encodeURIComponent(room.directWith)}">Somebody</a>`;
    const extra = { format: "org.matrix.custom.html", formatted_body: `!converttodm ${room.roomId} ${link}` };
    const after = await move.typist.say(move.chatId, `!converttodm ${room.roomId} Somebody`, extra);
    await move.waitFor(/is a direct chat with .* on your new account now/u, { after });
    expect(await move.target.accountData("m.direct")).toEqual({ [room.directWith]: [room.roomId] });
    expect(await move.ask(`!converttodm ${room.roomId}`)).toContain("already. Nothing was changed.");
    expect(await move.ask(`!converttoroom ${room.roomId}`)).toContain(
      "is listed among your new account's rooms now",
    );
    expect(Object.values((await move.target.accountData("m.direct")) ?? {}).flat()).toEqual([]);
  });

  it("copies only the profile on !profile, and leaves a name that the new account has in one room", async () => {
    const { move } = story;
    story.ownRoomId = String((await move.target.act("POST", "/createRoom"))["room_id"]);
    const own = { membership: "join", displayname: "Captain" };
    await move.target.act("PUT", memberPath(), own);
    await start("!profile", /^The copy of your profile is done/u);
    const { avatarUrl, profile } = move.population.sourceData;
    const actual = await move.target.profile();
    expect(actual["m.tz"]).toBe(profile["m.tz"]);
    expect(await move.target.media(actual["avatar_url"])).toEqual(await move.source.media(avatarUrl));
    expect(await move.target.accountData("org.example.notes")).toBe(null);
    // The picture shows that the server has spread the profile.
    await expect
      .poll(() => move.target.read(memberPath()), SOON)
      .toMatchObject({
        displayname: "Captain",
        avatar_url: actual["avatar_url"],
      });
  });

  it("undoes the work of several commands after the typed word, and stays where the old account is gone", async () => {
    const { move } = story;
    const left = roomThatOldAccountLeaves();
    await move.source.act("POST", `/rooms/${encodeURIComponent(left.roomId)}/leave`, {});
    const question = await move.askForMessage("!migrate undo");
    const after = await move.typist.say(move.chatId, "undo");
    await move.waitFor(/^The undo is done\./u, { after });
    expect(textOf(question)).toContain("or write undo");
    expect(textOf(question)).toContain("undo and leave");
    expect(await move.target.joinedRooms()).toEqual(new Set([story.ownRoomId, left.roomId]));
    expect(await move.target.profile()).not.toHaveProperty("m.tz");
    await expect
      .poll(() => move.target.read(memberPath()), SOON)
      .toEqual({
        membership: "join",
        displayname: "Captain",
      });
  });

  it("leaves such a room only after its own typed words", async () => {
    const { move } = story;
    const question = await move.askForMessage("!migrate undo");
    expect(textOf(question)).toContain("undo and leave");
    const after = await move.typist.say(move.chatId, "undo and leave");
    await move.waitFor(/^The undo is done\./u, { after });
    expect(await move.target.joinedRooms()).toEqual(new Set([story.ownRoomId]));
  });

  it("ends a running move when its account is logged out, and says what was done", async () => {
    const { move } = story;
    await move.ask("!migrate plan", /^Plan 4/u);
    hold(move.newServer, isJoin);
    await move.ask("!migrate start");
    await stop("!logout new", /^Asking your servers/u, /The move is cancelled\./u);
    expect(await botSessions({ ...move.population.target, server: move.pair.new, deviceId: "" })).toEqual([]);
    const sent = requestCount();
    expect(await move.ask("!migrate status", /^The move /u)).toContain("was cancelled");
    expect(requestCount()).toBe(sent);
  });
});

/** The new account's own member event in the room of its own. */
function memberPath(): string {
  const { move, ownRoomId } = story;
  const [room, user] = [ownRoomId, move.target.userId].map(encodeURIComponent);
  return `/rooms/${String(room)}/state/m.room.member/${String(user)}`;
}

function roomThatOldAccountLeaves(): PopulatedRoom {
  const [room] = roomsBy("invite");
  if (room === undefined) throw new Error("no room is reached by an invitation");
  return room;
}

function roomsBy(route: string): PopulatedRoom[] {
  return story.move.population.rooms.filter(({ expected }) => expected.route === route);
}

/** Holds every request of a kind until `release` is called. */
function hold(proxy: FaultProxy, isOfKind: (request: ProxiedRequest) => boolean): void {
  const held = Promise.withResolvers<undefined>();
  const released = Promise.withResolvers<undefined>();
  story.isHeld = held.promise;
  story.release = () => released.resolve(undefined);
  proxy.setRule((request) => {
    if (!isOfKind(request)) return undefined;
    held.resolve(undefined);
    return { kind: "hold", until: released.promise };
  });
}

/**
 * Ends a run whose requests are held: they continue once the bot says that it waits for them.
 * @returns the message at the end
 */
async function stop(command: string, waiting: RegExp, end: RegExp): Promise<string> {
  const { move } = story;
  await story.isHeld;
  const after = await move.typist.say(move.chatId, command);
  await move.waitFor(waiting, { after });
  story.release();
  return textOf(await move.waitFor(end, { after }));
}

/** Starts a run and waits for its end. @returns the message at the end */
async function start(command: string, end: RegExp): Promise<string> {
  const { move } = story;
  const after = await move.typist.say(move.chatId, command);
  return textOf(await move.waitFor(end, { after }));
}

/** The new account's rooms, settings and profile, and its power level in each room. */
async function targetState(): Promise<unknown> {
  const { move } = story;
  const levels = await Promise.all(
    move.population.rooms.map(async ({ roomId }) => {
      const content = (await move.source.state(roomId, "m.room.power_levels")) as {
        users?: Record<string, number>;
      } | null;
      return content?.users?.[move.target.userId] ?? null;
    }),
  );
  const types = [
    "m.direct",
    "m.ignored_user_list",
    "io.element.recent_emoji",
    "org.example.notes",
    "im.vector.web.settings",
  ];
  const accountData = await Promise.all(types.map((type) => move.target.accountData(type)));
  return {
    rooms: await move.target.joinedRooms(),
    levels,
    profile: await move.target.profile(),
    // Account data is not deleted but emptied, so an empty object counts as none.
    accountData: accountData.map((content) =>
      content === null || JSON.stringify(content) === "{}" ? null : content,
    ),
  };
}

/** The number of requests to the two accounts' servers until now. */
function requestCount(): number {
  const { move } = story;
  return move.oldServer.requests.length + move.newServer.requests.length;
}

function isJoin({ method, path }: ProxiedRequest): boolean {
  return method === "POST" && path.includes("/join");
}

function isInvite({ path }: ProxiedRequest): boolean {
  return path.endsWith("/invite");
}
