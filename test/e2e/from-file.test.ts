import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { moderator } from "../support/contact/contact-world.ts";
import type { Moderator } from "../support/contact/moderator.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { FilesInChat } from "../support/environments/files-in-chat.ts";
import { filesInChat } from "../support/environments/files-in-chat.ts";

/** For what one server learns by itself. */
const SOON = { interval: 200 };

/**
 * The route in the plan, and the status after the run, when the old server is gone: written by hand
 * from the rules.
 */
const EXPECTED = {
  garden: ["join", "done"],
  space: ["join", "done"],
  shed: ["join_restricted", "done"],
  // No server shows it, so the bot tries once.
  vault: ["join", "needs_moderator"],
  lobby: ["knock", "needs_moderator"],
  chess: ["ask_moderator", "needs_moderator"],
  cellar: ["impossible", "skipped"],
  chat: ["ask_moderator", "needs_moderator"],
  secret: ["join", "done"],
  replaced: ["successor", "done"],
  modern: ["join", "done"],
  shut: ["ask_moderator", "needs_moderator"],
  invited: ["ask_moderator", "needs_moderator"],
} as const satisfies Record<string, readonly [string, string]>;
type RoomName = keyof typeof EXPECTED;

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  chat: FilesInChat;
  mo: Moderator;
  dee: Moderator;
  rooms: Record<RoomName | "next", string>;
  files: { rooms: Buffer; data: Buffer };
}

const story = {} as Story;

describe("a move by files of an old account whose server is gone", () => {
  beforeAll(async () => {
    const move = await createFaultyMoveEnvironment({ seed: 73, rooms: { count: 1 } });
    const [mo, dee] = await Promise.all([moderator(move, "mo", "new"), moderator(move, "dee", "old")]);
    Object.assign(story, { move, mo, dee, chat: filesInChat(move) });
    story.rooms = await makeRooms(move, mo, dee);
    await prepareSettings();
  });

  afterAll(() => story.move.close());

  it("begins with files that have every room and setting, and nothing secret", async () => {
    const { move, mo, rooms } = story;
    const exported = await Promise.all([
      story.chat.download("!export rooms", /^rooms-/u),
      story.chat.download("!export data", /^data-/u),
    ]);
    story.files = { rooms: exported[0], data: exported[1] };
    const text = exported.map(String).join();
    for (const roomId of Object.values(rooms)) if (roomId !== rooms.next) expect(text).toContain(roomId);
    expect(text).toContain(mo.userId);
    expect(text).not.toContain(move.population.source.password);
    expect(text).not.toMatch(/m\.secret_storage|access_token/u);
  });

  it("takes them when the server is gone for good, and the plan says where each room stands", async () => {
    const { move, mo, dee, rooms, files } = story;
    // The file does not know it, so nobody seems able to open the room.
    await dee.setState(rooms.cellar, "m.room.power_levels", {
      users: { [dee.userId]: 100, [mo.userId]: 100 },
    });
    await expect
      .poll(() => mo.state(rooms.cellar, "m.room.power_levels"), SOON)
      .toMatchObject({ users: { [mo.userId]: 100 } });
    await move.ask("!logout old");
    await move.pair.old.stop();
    await move.ask("!migrate plan", /!import/u);
    await story.chat.send("rooms.json", files.rooms);
    await move.ask("!import", /^✅ I have read your file/u);
    const { eventId } = await story.chat.send("data.json", files.data);
    await story.chat.reply("!import", eventId, /your settings/u);
    const plan = await move.ask("!migrate plan", /^Plan 1/u);
    expect(plan).toContain("Nobody has signed in your old account");
    expect(plan).toContain("/join ROOM");
    expect(routesOf(await story.chat.report())).toEqual(
      Object.fromEntries(Object.entries(EXPECTED).map(([name, [route]]) => [name, route])),
    );
  });

  it("is done as planned through a kill, and once each", async () => {
    const { move, rooms } = story;
    const held = Promise.withResolvers<undefined>();
    move.newServer.setRule(({ method, path }) => {
      if (method !== "POST" || !path.includes(encodeURIComponent(rooms.secret))) return undefined;
      held.resolve(undefined);
      return { kind: "hang" };
    });
    const after = (await move.askForMessage("!migrate start", /^Started/u)).eventId;
    await held.promise;
    await move.bot.kill();
    move.newServer.setRule();
    await move.bot.start();
    await move.waitFor(/^The move is done\./u, { after });
    const { rooms: rows } = await story.chat.report();
    expect(statusesOf(rows)).toEqual(
      Object.fromEntries(Object.entries(EXPECTED).map(([name, [, status]]) => [name, status])),
    );
    const joined = await move.target.joinedRooms();
    const inside = (["garden", "space", "shed", "secret", "next", "modern"] as const).map(
      (name) => rooms[name],
    );
    expect(inside.every((roomId) => joined.has(roomId))).toBe(true);
    const joins = move.newServer.requests.filter(
      ({ method, path }) => method === "POST" && path.includes("/join/"),
    );
    for (const roomId of inside)
      if (roomId !== rooms.secret)
        expect(joins.filter(({ path }) => decodeURIComponent(path).endsWith(roomId))).toHaveLength(1);
  });

  it("has copied tags and settings", async () => {
    const { move, rooms } = story;
    const { target } = move;
    expect(await target.tags(rooms.garden)).toEqual({ "m.favourite": { order: 0.25 } });
    expect(await target.accountData("m.ignored_user_list")).toMatchObject({
      ignored_users: { "@eve:x.org": {} },
    });
  });

  it("takes up invitations, also to a room that nobody was known to open, and lists direct chats", async () => {
    const { move, mo, rooms } = story;
    await mo.letIn(move.target.userId, rooms.chat);
    await mo.letIn(move.target.userId, rooms.cellar);
    await expect.poll(() => move.target.joinedRooms(), SOON).toContain(rooms.chat);
    await expect.poll(() => move.target.joinedRooms(), SOON).toContain(rooms.cellar);
    await expect
      .poll(() => move.target.accountData("m.direct"), SOON)
      .toMatchObject({ [mo.userId]: [rooms.chat] });
    await move.ask("!migrate verify", /your files/u);
    const again = await move.ask("!migrate plan", /^Plan 2/u);
    expect(again).toMatch(/0 I can move/u);
  });

  it("insists on the old account when its server is back, and then says what changed", async () => {
    const { move, dee, rooms } = story;
    await move.pair.old.start();
    const status = await move.ask("!migrate status", /answers again/u);
    expect(status).toContain("!login old");
    await move.ask("!migrate plan", /^Good news: the server of your old account/u);
    await move.ask("!migrate start", /^Good news: the server of your old account/u);
    const later = await dee.makeRoom({ name: "Later", members: [move.source] });
    await move.source.act("POST", `/rooms/${encodeURIComponent(rooms.garden)}/leave`);
    await move.signIn("old");
    const plan = await move.ask("!migrate plan", /^Plan 3/u);
    expect(plan).toMatch(/[Ss]ince your file/u);
    expect(plan).toContain("Later");
    expect(plan).toMatch(/that you left: .*Garden/u);
    const { rooms: rows } = await story.chat.report();
    expect(rows.find(({ roomId }) => roomId === later)?.route).toBe("ask_moderator");
  });
});

async function makeRooms(
  { source, target }: FaultyMoveEnvironment,
  mo: Moderator,
  dee: Moderator,
): Promise<Story["rooms"]> {
  const members = [source];
  const open = { members, joinRule: "public" };
  const [garden, space, cellar, lobby, chess, chat, secret, replaced, next, shut] = await Promise.all([
    mo.makeRoom({ name: "Garden", ...open }),
    makeSpace(mo, source),
    dee.makeRoom({ name: "Cellar", members: [source, mo] }),
    mo.makeRoom({ name: "Lobby", members, joinRule: "knock" }),
    mo.makeRoom({ name: "Chess", members }),
    mo.makeRoom({ name: "Mo", members }),
    mo.makeRoom({ name: "Secret", ...open, isEncrypted: true }),
    mo.makeRoom({ name: "Before", ...open }),
    mo.makeRoom({ name: "After", members: [], joinRule: "public" }),
    mo.makeRoom({ name: "Shut", ...open }),
  ]);
  const restricted = (roomId: string) => ({
    join_rule: "restricted",
    allow: [{ type: "m.room_membership", room_id: roomId }],
  });
  const shed = await mo.makeRoom({ name: "Shed", members });
  await mo.setState(shed, "m.room.join_rules", restricted(space));
  const vault = await mo.makeRoom({ name: "Vault", members });
  await mo.setState(vault, "m.room.join_rules", restricted(chess));
  await mo.setState(replaced, "m.room.tombstone", { body: "moved", replacement_room: next });
  await mo.act("POST", `/rooms/${encodeURIComponent(shut)}/ban`, { user_id: target.userId });
  const made = await mo.act("POST", "/createRoom", {
    ...{ name: "Modern", preset: "public_chat", room_version: "12", invite: [source.userId] },
  });
  const modern = String(made["room_id"]);
  await source.act("POST", `/join/${encodeURIComponent(modern)}`);
  const invited = await mo.makeRoom({ name: "Invited", members: [] });
  await mo.letIn(source.userId, invited);
  return {
    garden,
    space,
    shed,
    vault,
    lobby,
    chess,
    cellar,
    chat,
    secret,
    replaced,
    next,
    modern,
    shut,
    invited,
  };
}

async function makeSpace(mo: Moderator, member: { userId: string; act: Moderator["act"] }): Promise<string> {
  const made = await mo.act("POST", "/createRoom", {
    ...{ name: "Space", preset: "public_chat", room_version: "11", invite: [member.userId] },
    creation_content: { type: "m.space" },
  });
  const roomId = String(made["room_id"]);
  await member.act("POST", `/join/${encodeURIComponent(roomId)}`);
  return roomId;
}

async function prepareSettings(): Promise<void> {
  const { move, mo, rooms } = story;
  const { source } = move;
  const own = `/user/${encodeURIComponent(source.userId)}`;
  await source.act("PUT", `${own}/rooms/${encodeURIComponent(rooms.garden)}/tags/m.favourite`, {
    order: 0.25,
  });
  await source.act("PUT", `${own}/account_data/m.direct`, { [mo.userId]: [rooms.chat] });
  await source.act("PUT", `${own}/account_data/m.ignored_user_list`, { ignored_users: { "@eve:x.org": {} } });
}

/** The rooms of this file, by name. The person has others too. */
function named<Value>(
  rows: ExportedReport["rooms"],
  valueOf: (row: ExportedReport["rooms"][number]) => Value,
): Record<string, Value | undefined> {
  return Object.fromEntries(
    Object.keys(EXPECTED).map((name) => {
      const row = rows.find(({ roomId }) => roomId === story.rooms[name as RoomName]);
      return [name, row && valueOf(row)];
    }),
  );
}

const routesOf = ({ rooms }: ExportedReport) => named(rooms, ({ route }) => route);
const statusesOf = (rows: ExportedReport["rooms"]) => named(rows, ({ status }) => status);
