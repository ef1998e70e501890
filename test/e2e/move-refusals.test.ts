import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { textOf } from "../lab/person/person.ts";
import { missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { Fault, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";
import { callServer } from "../support/servers/server-api.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
const story = {} as {
  move: FaultyMoveEnvironment;
  /** A restricted room and the space through which it is entered. */
  doors: { room: string; space: string };
  /** The source is invited there, and nobody is left. */
  forsaken: string;
  /** After the last move. */
  report: ExportedReport;
};

const LIMITS_PAGE = "https://new.example/limits";
const NO_MORE: Fault = {
  kind: "status",
  status: 403,
  errcode: "M_USER_LIMIT_EXCEEDED",
  more: { error: "Two rooms are free.", info_uri: LIMITS_PAGE },
};

function isJoin({ method, path }: ProxiedRequest): boolean {
  return method === "POST" && path.includes("/join/");
}

function isInvitation({ method, path }: ProxiedRequest): boolean {
  return method === "POST" && path.endsWith("/invite");
}

describe("a move that is refused by the account's server or by a firewall", () => {
  beforeAll(async () => {
    story.move = await createFaultyMoveEnvironment({
      ...{ seed: 43, rooms: { count: 16 } },
      extraConfig: { old: { server_notices: { system_mxid_localpart: "notices" } } },
    });
    await story.move.ask("!migrate plan");
  });

  afterAll(() => story.move.close());

  it("begins when a server that was away is back, and asks its owner, and nobody in the rooms, where the account may join no more", async () => {
    const { move } = story;
    let joins = 0;
    move.newServer.setRule((request) => (isJoin(request) && ++joins > 2 ? NO_MORE : undefined));
    // The start itself meets a server that is away. Nothing more is typed.
    move.oldServer.setRule(() => ({ kind: "reset" }));
    const after = await move.typist.say(move.chatId, "!migrate start");
    const kept = textOf(await move.waitFor(/I keep your !migrate start/u, { after }));
    expect(kept).toContain(`${move.population.source.userId} does not answer just now`);
    expect(await move.ask("!migrate status")).toContain("I keep your !migrate start");
    move.oldServer.setRule();
    await move.waitFor(/Started\./u, { after });
    const notice = textOf(await move.waitFor(/lets it join or invite no more/u, { after }));
    expect(notice).toContain("Two rooms are free.");
    expect(notice).toContain(LIMITS_PAGE);
    const refused = (): number => move.newServer.requests.filter(({ fault }) => fault === NO_MORE).length;
    const refusedUntilNotice = refused();
    // Requests that were under way with the first one.
    expect(refusedUntilNotice).toBeLessThanOrEqual(8);
    // The rest of the move goes on.
    await expect
      .poll(() =>
        move.newServer.requests.some(({ path }) => path.endsWith("/pushrules/") || path.includes("/tags")),
      )
      .toBe(true);
    const report = await move.askForReport("!report --format json", "report-1.json");
    const held = report.rooms.filter(({ reason }) => reason?.code === "account_limit");
    expect(held.length).toBeGreaterThan(0);
    expect(held.every(({ status, helpers }) => status === "needs_you" && helpers.length === 0)).toBe(true);
    expect(refused()).toBe(refusedUntilNotice);
  });

  it("goes on with the same routes when it is resumed, and waits for a firewall that answers with pages", async () => {
    const { move } = story;
    const isShown = Promise.withResolvers<undefined>();
    let pages = 0;
    move.newServer.setRule(({ method }) => {
      if (method === "GET" || pages >= 20) return undefined;
      pages += 1;
      isShown.resolve(undefined);
      return { kind: "html", status: pages % 2 === 0 ? 403 : 404 };
    });
    const invitations = move.oldServer.requests.filter(isInvitation).length;
    const after = await move.typist.say(move.chatId, "!migrate resume");
    await isShown.promise;
    const end = textOf(await move.waitFor(/The move is done\./u, { after }));
    expect(end).not.toContain("What did not work");
    expect(end).not.toContain("It works!");
    expect(await missingRooms(move)).toEqual([]);
    // No invitation was spent on a room that is open.
    const expected = move.population.rooms.filter(({ expected: { route } }) => route === "invite").length;
    expect(move.oldServer.requests.filter(isInvitation).length).toBeLessThanOrEqual(
      Math.max(expected, invitations) + 1,
    );
  });

  it("goes on with the other rooms where a server of one room names a limit of the account", async () => {
    const { move } = story;
    const hostile = await createRoom(move.source, { preset: "public_chat" });
    const open = await createRoom(move.source, { preset: "public_chat" });
    story.doors = await roomBehindReplacedSpace(move.source, moderator());
    story.forsaken = await createRoom(moderator(), { preset: "private_chat", invite: [move.source.userId] });
    await moderator().act("POST", `/rooms/${story.forsaken}/leave`);
    await sendServerNotice();
    move.newServer.setRule((request) =>
      isJoin(request) && decodeURIComponent(request.path).endsWith(hostile) ? NO_MORE : undefined,
    );
    await move.ask("!migrate plan");
    const after = await move.typist.say(move.chatId, "!migrate start");
    await move.waitFor(/The move is done/u, { after });
    const joined = await move.target.joinedRooms();
    expect([joined.has(hostile), joined.has(open)]).toEqual([false, true]);
    story.report = await move.askForReport("!report --format json", "report-2.json");
    expect(rowOf(hostile)?.reason).toMatchObject({
      code: "refused",
      text: expect.stringContaining("Two rooms are free.") as string,
    });
  });

  it("enters a room through the space that its rule still names, although that space was replaced", async () => {
    const { room, space } = story.doors;
    const joined = await story.move.target.joinedRooms();
    expect([joined.has(room), joined.has(space)]).toEqual([true, true]);
    expect(rowOf(room)).toMatchObject({ status: "done", helpers: [] });
  });

  it("sends nobody to an inviter who has left an empty room", () => {
    const expected = { route: "impossible", status: "skipped", reason: { code: "no_helper" }, helpers: [] };
    expect(rowOf(story.forsaken)).toMatchObject(expected);
  });

  it("leaves the notices of the old server where they are", () => {
    const notices = story.report.rooms.filter(({ reason }) => reason?.code === "server_notices");
    expect(notices).toMatchObject([{ route: "impossible", status: "skipped", helpers: [] }]);
  });
});

function rowOf(roomId: string): ExportedReport["rooms"][number] | undefined {
  return story.report.rooms.find((row) => row.roomId === roomId);
}

/** Somebody else on the old server. */
function moderator(): AccountOnServer {
  const { pair, population } = story.move;
  const person = population.people.find(({ side }) => side === "old");
  if (person === undefined) throw new Error("nobody else is on the old server");
  return new AccountOnServer(pair, person);
}

async function createRoom(creator: AccountOnServer, content: object): Promise<string> {
  return String((await creator.act("POST", "/createRoom", content))["room_id"]);
}

/** The rule of the room still names the space that was replaced. Only its moderator may invite. */
async function roomBehindReplacedSpace(
  member: AccountOnServer,
  creator: AccountOnServer,
): Promise<{ room: string; space: string }> {
  const space = await createRoom(creator, {
    ...{ preset: "public_chat", room_version: "10", creation_content: { type: "m.space" } },
  });
  const allow = [{ type: "m.room_membership", room_id: space }];
  const rule = { type: "m.room.join_rules", content: { join_rule: "restricted", allow } };
  const room = await createRoom(creator, {
    ...{ preset: "private_chat", room_version: "10", initial_state: [rule] },
    power_level_content_override: { invite: 50 },
  });
  for (const roomId of [space, room]) await member.act("POST", `/join/${roomId}`);
  await creator.act("POST", `/rooms/${space}/upgrade`, { new_version: "11" });
  return { room, space };
}

/** The server invites the source to a room that it cannot leave. */
async function sendServerNotice(): Promise<void> {
  const { pair, source } = story.move;
  const { accessToken } = await pair.old.registerUser({ localpart: "root", password: "unused", admin: true });
  await callServer(pair.old, accessToken, "POST", "/_synapse/admin/v1/send_server_notice", {
    user_id: source.userId,
    content: { msgtype: "m.text", body: "The terms have changed." },
  });
}
