import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FileRoom, RoomsFile } from "../../src/model/room-file.ts";
import { UNPROVEN } from "../../src/view/contact/unproven.ts";
import type { StoredEvent } from "../lab/homeservers/stored-events.ts";
import { textOf } from "../lab/person/person.ts";
import { chatsOpened, moderator, sentSince, withoutMarks } from "../support/contact/contact-world.ts";
import type { Moderator } from "../support/contact/moderator.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";

/** For what one server learns by itself. */
const SOON = { interval: 200 };

/** Helpers and friends on the server that stays. Nia takes no invitations; Ora is next. */
const NAMES = ["mo", "nia", "ora", "bo"] as const;
type Name = (typeof NAMES)[number];
/** Mo decides in the first two, Nia and Ora in the third. The last is a direct chat with Bo. */
type RoomName = "chess" | "lobby" | "choir" | "chat";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  people: Record<Name, Moderator>;
  rooms: Record<RoomName, string>;
}

const story = {} as Story;

describe("a person who asks for help when the server of the old account is gone", () => {
  beforeAll(async () => {
    const move = await createFaultyMoveEnvironment({ seed: 71, rooms: { count: 1 } });
    const { source } = move;
    const people = Object.fromEntries(
      await Promise.all(NAMES.map(async (name) => [name, await moderator(move, name, "new")] as const)),
    ) as Record<Name, Moderator>;
    const { mo, nia, ora, bo } = people;
    const [chess, lobby, choir, chat] = await Promise.all([
      mo.makeRoom({ name: "Chess", members: [source] }),
      mo.makeRoom({ name: "Lobby", members: [source], joinRule: "knock" }),
      nia.makeRoom({ name: "Choir", members: [source, ora], users: { [ora.userId]: 50 } }),
      bo.makeRoom({ name: "Bo", members: [source] }),
    ]);
    await nia.blockInvitations();
    Object.assign(story, { move, people });
    story.rooms = { chess, lobby, choir, chat };
    await move.ask("!logout old");
    await importFile(move, [
      fileRoom(chess, "Chess", [mo]),
      fileRoom(lobby, "Lobby", [mo], { joinRule: "knock" }),
      fileRoom(choir, "Choir", [nia, ora]),
      fileRoom(chat, "Bo", [], { direct: true, partner: bo.userId, encrypted: true }),
    ]);
  });

  afterAll(() => story.move.close());

  it("is told to sign in the old account as long as its server answers", async () => {
    const { move, people, rooms } = story;
    for (const command of [`!ask ${rooms.chess}`, `!knock ${rooms.lobby}`, `!dm ${people.bo.userId}`])
      await move.ask(command, /^Good news: the server of your old account \S+ answers\./u);
    expect(chatsOpened(sent())).toEqual([]);
    await move.pair.old.stop();
    await move.ask("!migrate plan", /^Plan 1/u);
  });

  it("asks as the new account, with words that prove nothing, exactly as shown", async () => {
    const { move, people, rooms } = story;
    const { mo, nia, ora, bo } = people;
    const question = await move.askForMessage("!ask");
    const preview = withoutMarks(textOf(question));
    expect(preview).toContain("about 2 rooms with your new account");
    expect(preview).not.toContain(bo.userId);
    await move.typist.react(move.chatId, question.eventId, "✅");
    await move.waitFor(/^Asking for help is done\./u, { after: question.eventId });

    const chats = chatsOpened(sent());
    const chatsWith = ({ userId }: Moderator) => chats.filter(({ invited }) => invited.has(userId));
    expect(chatsWith(mo)).toMatchObject([{ isLeft: false, texts: [expect.stringContaining("Chess")] }]);
    expect(chatsWith(ora)).toMatchObject([{ isLeft: false, texts: [expect.stringContaining("Choir")] }]);
    expect(chatsWith(nia)).toEqual([]);
    expect(chats.filter(({ invited }) => invited.size === 0).map(({ isLeft }) => isLeft)).toEqual([true]);
    for (const { invited, texts } of chats)
      for (const words of [...texts, ...[...invited.values()].map(({ reason }) => String(reason))]) {
        for (const part of [move.source.userId, move.target.userId, UNPROVEN]) expect(words).toContain(part);
        expect(preview).toContain(words);
      }
    expect(await move.target.accountData("m.direct")).toMatchObject({
      [mo.userId]: [chatsWith(mo)[0]?.roomId],
      [ora.userId]: [chatsWith(ora)[0]?.roomId],
    });
    const knock = await mo.state(rooms.lobby, "m.room.member", move.target.userId);
    expect(knock).toMatchObject({
      membership: "knock",
      reason: `says to be ${move.source.userId}, whose server is gone`,
    });
  });

  it("goes in where somebody lets the new account in", async () => {
    const { move, people, rooms } = story;
    await people.mo.letIn(move.target.userId, rooms.chess);
    await people.mo.letIn(move.target.userId, rooms.lobby);
    const inside = async (): Promise<string[]> => {
      const joined = await move.target.joinedRooms();
      return Object.values(rooms).filter((roomId) => joined.has(roomId));
    };
    await expect.poll(inside, SOON).toEqual([rooms.chess, rooms.lobby]);
  });

  it("opens a direct chat with a friend of the file, encrypted as before, and proves nothing", async () => {
    const { move, people } = story;
    const { bo } = people;
    expect(await move.ask("!dm", /^Direct chats that did not come along/u)).toContain(bo.userId);
    const preview = withoutMarks(await move.ask(`!dm ${bo.userId}`, /^Shall I open 1 direct chat/u));
    await move.waitFor(/^Opening direct chats is done\./u, {
      after: await move.typist.say(move.chatId, "dm"),
    });
    const [chat] = chatsOpened(sent()).filter(({ invited }) => invited.has(bo.userId));
    expect(chat).toMatchObject({ isLeft: false, texts: [] });
    const reason = String(chat?.invited.get(bo.userId)?.["reason"]);
    for (const part of [move.source.userId, UNPROVEN]) expect(reason).toContain(part);
    expect(preview).toContain(reason);
  });

  it("refuses what the old account itself must do, and the checklist says so", async () => {
    const { move, rooms } = story;
    for (const command of ["!announce", "!rename-old", `!leave-old ${rooms.chess}`, "!finish sessions"])
      expect(await move.ask(command, /^I know your old account/u)).toContain("only from your files");
    const list = await move.ask("!finish", /^The end of your move/u);
    expect(list).toMatch(/▫️ Name: only your old account itself can change it\./u);
    expect(list).toMatch(/▫️.*!finish mentions/u);
    await move.ask("!finish close", /^There is nothing to close now\./u);
  });

  it("forgets the file when the move is finished", async () => {
    const { move } = story;
    expect(await move.ask("!finish end", /^Shall I end your move/u)).toContain("what your files said");
    await move.ask("end", /^Your move is finished\./u);
    await move.ask("!migrate plan", /^A plan needs your two accounts first/u);
  });
});

/** A room as `!export rooms` would have written it. */
function fileRoom(
  roomId: string,
  name: string,
  helpers: readonly Moderator[],
  more: Partial<FileRoom> = {},
): FileRoom {
  return {
    ...{ roomId, name, membership: "join", alias: null, aliases: [], version: "11", joinRule: "invite" },
    ...{ via: [story.move.pair.new.serverName], allow: [], encrypted: false, direct: false, partner: null },
    ...{ tags: {}, power: 0, memberCount: 2 + helpers.length, successor: null, link: null },
    helpers: helpers.map(({ userId }) => ({ userId, displayName: null, power: 100 })),
    ...more,
  };
}

/** Sends the file of `!export rooms` to the bot, which takes it. */
async function importFile(
  { typist, chatId, source, ask }: FaultyMoveEnvironment,
  rooms: FileRoom[],
): Promise<void> {
  const generatedAt = new Date().toISOString();
  const file: RoomsFile = {
    ...{ schema: 1, kind: "rooms", account: source.userId, generatedAt },
    ...{ rooms, contacts: [] },
  };
  const bytes = Buffer.from(JSON.stringify(file));
  await typist.sendFile(chatId, { name: "rooms.json", mimetype: "application/json", bytes });
  await ask("!import", /^✅ I have read your file/u);
}

/** What the new account has sent, as others see it. */
function sent(): StoredEvent[] {
  return sentSince(story.move.target, 0);
}
