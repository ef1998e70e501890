import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StoredEvent } from "../lab/homeservers/stored-events.ts";
import { textOf } from "../lab/person/person.ts";
import {
  chatsOpened,
  moderator,
  sentSince,
  textsIn,
  withoutMarks,
} from "../support/contact/contact-world.ts";
import type { Moderator } from "../support/contact/moderator.ts";
import { ENCRYPTION } from "../support/contact/moderator.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { AccountOnServer } from "../support/servers/account-on-server.ts";
import { callServer } from "../support/servers/server-api.ts";

/** For what happens without a command, and for facts that one server learns from the other. */
const SOON = { interval: 200 };

/** The people of this file: each has power in some rooms of the old account. */
const NAMES = ["mo", "nia", "ora", "pat", "quin", "rex"] as const;
type Name = (typeof NAMES)[number];

/** The rooms of this file. */
type RoomName =
  /** Mo may invite, and is reached only by a new chat. */
  | "chess"
  | "garden"
  /** Encrypted. Nia takes no invitations; Ora is next. */
  | "choir"
  /** Quin may invite, and no other room waits for him. */
  | "attic"
  /** Pat may invite, and has a chat with the old account. */
  | "cellar"
  | "chatWithPat"
  /** Encrypted. Rex may invite, and declines the chat. */
  | "dairy"
  /** Mo decides about knocks. */
  | "lobby"
  /** The old account's own. */
  | "workshop"
  /** The same, encrypted. */
  | "diary"
  /** The old account has 50, which it cannot give. */
  | "office";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  people: Record<Name, Moderator>;
  rooms: Record<RoomName, string>;
}

const story = {} as Story;

describe("a person who asks for help, tells people, leaves and finishes", () => {
  beforeAll(async () => {
    const move = await createFaultyMoveEnvironment({ seed: 61, rooms: { count: 1 } });
    const { source } = move;
    const people = Object.fromEntries(
      await Promise.all(NAMES.map(async (name) => [name, await moderator(move, name)] as const)),
    ) as Record<Name, Moderator>;
    const { mo, nia, ora, pat, quin, rex } = people;
    const members = [source];
    const [chess, garden, choir, attic, cellar, dairy, lobby, office] = await Promise.all([
      mo.makeRoom({ name: "Chess", members, topic: "Ask Mo about everything" }),
      mo.makeRoom({ name: "Garden", members }),
      nia.makeRoom({ name: "Choir", members: [source, ora], users: { [ora.userId]: 50 }, isEncrypted: true }),
      quin.makeRoom({ name: "Attic", members: [source, mo] }),
      pat.makeRoom({ name: "Cellar", members }),
      rex.makeRoom({ name: "Dairy", members, isEncrypted: true }),
      mo.makeRoom({ name: "Lobby", members, joinRule: "knock" }),
      mo.makeRoom({ name: "Office", members, users: { [source.userId]: 50 } }),
    ]);
    const [workshop, diary, chatWithPat] = await Promise.all([
      ownRoom(source, mo, { name: "Workshop" }),
      ownRoom(source, mo, { name: "Diary", initial_state: [ENCRYPTION] }),
      ownRoom(source, pat, { preset: "trusted_private_chat" }),
    ]);
    const direct = `/user/${encodeURIComponent(source.userId)}/account_data/m.direct`;
    await source.act("PUT", direct, { [pat.userId]: [chatWithPat] });
    await nia.blockInvitations();
    Object.assign(story, { move, people });
    story.rooms = { chess, garden, choir, attic, cellar, chatWithPat, dairy, lobby, workshop, diary, office };
    await move.ask("!migrate plan");
  });

  afterAll(() => story.move.close());

  it("shows whom it would ask, how and with which words, and sends nothing before the confirmation", async () => {
    const { move, people } = story;
    const before = Date.now();
    const preview = await move.ask("!ask");
    for (const name of ["mo", "nia", "ora", "pat", "quin", "rex"] as const)
      expect(preview).toContain(people[name].userId);
    expect(preview).toContain("Ask Mo about everything");
    expect(preview).toContain("Lobby");
    expect(sent(before)).toEqual([]);
    // Another message is no confirmation.
    await move.ask("!help ask");
    expect(sent(before)).toEqual([]);
  });

  it("sends one message to each helper, in the least disturbing way, exactly as shown", async () => {
    const { move, people, rooms } = story;
    const { mo, nia, ora, pat, quin, rex } = people;
    const question = await move.askForMessage("!ask");
    const preview = withoutMarks(textOf(question));
    const askedAt = Date.now();
    await move.typist.react(move.chatId, question.eventId, "✅");
    await move.waitFor(/^Asking for help is done\./u, { after: question.eventId });

    const events = sent(askedAt);
    const chats = chatsOpened(events);
    const chatsWith = ({ userId }: Moderator) => chats.filter(({ invited }) => invited.has(userId));
    expect(chatsWith(mo)).toMatchObject([{ isLeft: false, texts: [expect.stringContaining("Garden")] }]);
    expect(chatsWith(ora)).toMatchObject([{ isLeft: false }]);
    expect(chatsWith(rex)).toMatchObject([{ isLeft: false }]);
    expect(chatsWith(pat)).toEqual([]);
    expect(chatsWith(quin)).toEqual([]);
    // The server refused the invitation, so the account has left the empty room.
    expect(chatsWith(nia)).toEqual([]);
    expect(chats.filter(({ invited }) => invited.size === 0).map(({ isLeft }) => isLeft)).toEqual([true]);
    expect(textsIn(events, rooms.chatWithPat)).toHaveLength(1);
    expect(textsIn(events, rooms.attic)).toHaveLength(1);

    for (const text of events.filter(({ type }) => type === "m.room.message").map(bodyOf))
      expect(preview).toContain(text);
    for (const { invited } of chats)
      for (const content of invited.values()) {
        expect(content).toMatchObject({ is_direct: true });
        expect(preview).toContain(content["reason"]);
      }
    expect(await move.source.accountData("m.direct")).toMatchObject({
      [mo.userId]: [chatsWith(mo)[0]?.roomId],
      [ora.userId]: [chatsWith(ora)[0]?.roomId],
      [rex.userId]: [chatsWith(rex)[0]?.roomId],
    });
    await expect.poll(() => move.source.membershipOf(move.target.userId, rooms.lobby), SOON).toBe("knock");
  });

  it("lists in the report who was asked, and what came of it", async () => {
    const { move, people, rooms } = story;
    const { mo, nia, ora, pat, quin, rex } = people;
    await rex.leave(chatWith(rex));
    await mo.accept(chatWith(mo));
    await mo.letIn(move.target.userId, rooms.chess);
    await mo.letIn(move.target.userId, rooms.garden);
    await mo.letIn(move.target.userId, rooms.lobby);
    await pat.letIn(move.target.userId, rooms.cellar);
    await ora.letIn(move.target.userId, rooms.choir);
    await quin.letIn(move.target.userId, rooms.attic);
    await move.ask("!migrate plan", /^Plan 2/u);
    await move.ask("!migrate start");
    await move.waitFor(/^The move is done\./u);
    const asked = async () => {
      const report = await move.askForReport("!report --format json", "report-2.json");
      return Object.fromEntries(
        report.rooms
          .filter((row) => row.asked.length > 0)
          .map((row) => [row.roomId, row.asked.map(({ userId, way, result }) => [userId, way, result])]),
      );
    };
    await expect.poll(asked, SOON).toEqual({
      [rooms.chess]: [[mo.userId, "new_direct", "let_in"]],
      [rooms.garden]: [[mo.userId, "new_direct", "let_in"]],
      [rooms.choir]: expect.arrayContaining([
        [nia.userId, "new_direct", "refused"],
        [ora.userId, "new_direct", "let_in"],
      ]),
      [rooms.attic]: [[quin.userId, "room", "let_in"]],
      [rooms.cellar]: [[pat.userId, "direct", "let_in"]],
      [rooms.dairy]: [[rex.userId, "new_direct", "declined"]],
    });
  });

  it("asks nobody a second time", async () => {
    const { move } = story;
    const before = Date.now();
    // The whole answer: nobody is left to ask.
    await move.ask("!ask", /Dairy/u);
    await move.typist.say(move.chatId, "ask");
    await move.ask("!help ask");
    // The new account's server still spreads the profile that the move has copied.
    expect(sent(before).filter(({ content }) => content["membership"] !== "join")).toEqual([]);
  });

  it("gives the old account the new ID as part of its name, and asks again if the name has changed", async () => {
    const { move } = story;
    const { source, target } = move;
    const { displayname: name } = await source.profile();
    await move.ask("!rename-old");
    await setName(`${String(name)} II`);
    expect(withoutMarks(await move.ask("rename"))).toContain(`${String(name)} II (now ${target.userId})`);
    expect((await source.profile())["displayname"]).toBe(`${String(name)} II`);
    const after = await move.typist.say(move.chatId, "rename");
    await move.waitFor(/^Renaming your old account is done\./u, { after });
    expect((await source.profile())["displayname"]).toBe(`${String(name)} II (now ${target.userId})`);
    await untilSpread(source);
  });

  it("tells small rooms that are moved and not encrypted, and names the others", async () => {
    const { move, rooms } = story;
    const before = Date.now();
    const preview = withoutMarks(await move.ask("!announce"));
    expect(preview).toContain("Choir");
    await confirm("announce", /^The announcement is done\./u);
    const events = sent(before).filter(({ type }) => type === "m.room.message");
    const told = new Set(events.map(({ roomId }) => roomId));
    for (const name of ["chess", "garden", "workshop", "chatWithPat"] as const)
      expect(told).toContain(rooms[name]);
    for (const name of ["choir", "dairy"] as const) expect(told).not.toContain(rooms[name]);
    expect(events).toHaveLength(told.size);
    for (const { content } of events) {
      expect(preview).toContain(content["body"]);
      expect(content["m.mentions"]).toEqual({});
    }
  });

  it("leaves the rooms in which nothing would be lost, and gives its power back first", async () => {
    const { move, rooms } = story;
    const { source, target } = move;
    const preview = await move.ask("!leave-old moved");
    for (const name of ["Office", "Choir", "Diary", "Attic"]) expect(preview).toContain(name);
    const before = Date.now();
    await confirm("leave", /^Leaving rooms is done\./u);
    const joined = await source.joinedRooms();
    for (const name of ["workshop", "lobby"] as const) expect(joined).not.toContain(rooms[name]);
    // Less power; keys that are missing; asked about it; asked in it; not moved.
    for (const name of ["office", "diary", "chess", "chatWithPat", "dairy"] as const)
      expect(joined).toContain(rooms[name]);
    const powers = async (): Promise<unknown> =>
      (await target.state(rooms.workshop, "m.room.power_levels"))?.["users"];
    await expect.poll(powers, SOON).toEqual({ [target.userId]: 100 });
    const events = sentSince(source, before).filter(({ roomId }) => roomId === rooms.workshop);
    expect(events.map(({ type }) => type)).toEqual(["m.room.power_levels", "m.room.member"]);
    expect(events.at(-1)?.content).toMatchObject({
      membership: "leave",
      reason: `moved to ${target.userId}`,
    });
  });

  it("leaves a kept room only after the typed words, and answers a ✅ with them", async () => {
    const { move, rooms } = story;
    const question = await move.askForMessage(`!leave-old ${rooms.office}`);
    const [words = ""] = /leave #\d+/u.exec(textOf(question)) ?? [];
    expect(words).not.toBe("");
    await move.typist.react(move.chatId, question.eventId, "✅");
    await move.waitFor(new RegExp(words, "u"), { after: question.eventId });
    expect(await move.source.joinedRooms()).toContain(rooms.office);
    await confirm(words, /^Leaving rooms is done\./u);
    expect(await move.source.joinedRooms()).not.toContain(rooms.office);
  });

  it("leaves encrypted rooms without keys only after the typed words", async () => {
    const { move, rooms } = story;
    const question = await move.askForMessage(`!leave-old ${rooms.diary} --without-keys`);
    await move.typist.react(move.chatId, question.eventId, "✅");
    await move.waitFor(/To confirm, write leave without keys/u, { after: question.eventId });
    expect(await move.source.joinedRooms()).toContain(rooms.diary);
    await confirm("leave without keys", /^Leaving rooms is done\./u);
    expect(await move.source.joinedRooms()).not.toContain(rooms.diary);
  });

  it("shows a checklist of what the servers have", async () => {
    const { move } = story;
    const list = await move.ask("!finish");
    expect(list).toMatch(/✅.*!rename-old/u);
    expect(list).toMatch(/▫️.*!finish sessions/u);
  });

  it("passes mentions of the old account on to the new one", async () => {
    const { move } = story;
    const { source, target } = move;
    await move.ask("!finish mentions");
    const rules = async (): Promise<string> => JSON.stringify(await target.read("/pushrules/"));
    await expect.poll(rules, SOON).toContain(`"value":"${source.userId}"`);
    await move.ask("!finish mentions --off");
    await expect.poll(rules, SOON).not.toContain(`"value":"${source.userId}"`);
    await move.ask("!finish mentions");
    await expect.poll(rules, SOON).toContain(`"value":"${source.userId}"`);
  });

  it("signs the old account out everywhere only after the typed words", async () => {
    const { move } = story;
    const { source } = move.population;
    const question = await move.askForMessage("!finish sessions");
    await move.typist.react(move.chatId, question.eventId, "✅");
    await move.waitFor(/sign out/u, { after: question.eventId });
    const whoami = async (): Promise<number> =>
      (await callServer(move.pair.old, source.accessToken, "GET", "/_matrix/client/v3/account/whoami"))
        .status;
    expect(await whoami()).toBe(200);
    await move.ask("sign out", /^Your old account is signed out everywhere\./u);
    expect(await whoami()).toBe(401);
    expect(await move.ask("!finish")).toMatch(/✅.*!finish sessions/u);
  });

  it("ends with the bot's sessions gone, and keeps the report", async () => {
    const { move } = story;
    await move.ask("!finish end");
    await move.ask("end", /^Your move is finished\./u);
    const devices = await move.target.read("/devices");
    expect(JSON.stringify(devices)).not.toContain("Matrix Mover");
    expect(await move.ask("!report")).toContain("Dairy");
  });

  it("wrote no plain text into an encrypted room", () => {
    const { rooms } = story;
    const encrypted = new Set([rooms.choir, rooms.dairy, rooms.diary]);
    const plain = sent(0).filter(
      ({ roomId, type, stateKey }) =>
        encrypted.has(roomId) && stateKey === undefined && type !== "m.room.encrypted",
    );
    expect(plain).toEqual([]);
  });
});

/** A room that the old account makes, with one other member. */
async function ownRoom(source: AccountOnServer, member: Moderator, room: object): Promise<string> {
  const body = { room_version: "11", invite: [member.userId], ...room };
  const roomId = String((await source.act("POST", "/createRoom", body))["room_id"]);
  await member.accept(roomId);
  return roomId;
}

/** The last chat that the old account opened with somebody. */
function chatWith({ userId }: Moderator): string {
  const chat = chatsOpened(sent(0)).findLast(({ invited }) => invited.has(userId));
  if (chat === undefined) throw new Error("there is no chat");
  return chat.roomId;
}

async function confirm(words: string, end: RegExp): Promise<void> {
  const { move } = story;
  await move.waitFor(end, { after: await move.typist.say(move.chatId, words) });
}

async function setName(displayname: string): Promise<void> {
  const { source } = story.move;
  await source.act("PUT", `/profile/${encodeURIComponent(source.userId)}/displayname`, { displayname });
}

/**
 * Waits until an account's rooms have the name and picture of its profile. Its server sends those
 * events later, one room after the other.
 */
async function untilSpread(account: AccountOnServer): Promise<void> {
  const { displayname, avatar_url } = await account.profile();
  const rooms = [...(await account.joinedRooms())];
  const own = (): Promise<unknown[]> =>
    Promise.all(rooms.map((roomId) => account.state(roomId, "m.room.member", account.userId)));
  const spread = rooms.map(() => expect.objectContaining({ displayname, avatar_url }) as unknown);
  await expect.poll(own, SOON).toEqual(spread);
}

/** What both accounts sent since then. */
function sent(since: number): StoredEvent[] {
  const { move } = story;
  return [...sentSince(move.source, since), ...sentSince(move.target, since)];
}

function bodyOf({ content }: StoredEvent): string {
  return String(content["body"]);
}
