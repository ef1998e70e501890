import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { ExportedReport } from "../../src/view/rooms/exported-report.ts";
import { exportedReportSchema } from "../../src/view/rooms/exported-report.ts";
import { isWholeAnswer } from "../lab/bot-answer.ts";
import type { Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { moderator } from "../support/contact/contact-world.ts";
import type { Moderator } from "../support/contact/moderator.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";

/** For what one server learns by itself. */
const SOON = { interval: 200 };

/**
 * What the report says about each room after the run: the route, the status, the reason, and
 * whether it names Mo, who lives on.
 */
const EXPECTED = {
  /** Public, with Mo inside. Its only alias is of the old server. */
  harbour: ["joined", "done", null, false],
  /** Public, and on the old server alone. */
  island: ["impossible", "skipped", "unreachable_server", false],
  /** Closed. Only people of the old server have power. */
  cellar: ["impossible", "skipped", "no_helper", false],
  /** For the members of a closed space. */
  office: ["ask_moderator", "needs_moderator", "refused", true],
  /** Closed, and only in a note. */
  noted: ["impossible", "skipped", "refused", false],
  /** Public, and only in the list of another tool. */
  listed: ["joined", "done", null, false],
} as const;
type Name = keyof typeof EXPECTED;
const NAMES = Object.keys(EXPECTED) as Name[];

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  environment: BotEnvironment;
  old: Account;
  target: Account;
  mo: Moderator;
  rooms: Record<Name, string>;
  person: Person;
  chatId: string;
  files: { rooms: Buffer; data: Buffer };
}

const story = {} as Story;

describe("a person who comes back with files and notes, in a new encrypted chat", () => {
  beforeAll(async () => {
    const environment = await createBotEnvironment();
    const { pair } = environment;
    const [old, target, mo, dee] = await Promise.all([
      environment.register("old", "ada"),
      environment.register("new", "ada.again"),
      moderator(environment, "Mo", "new"),
      moderator(environment, "Dee", "old"),
      environment.bot.start(),
    ]);
    Object.assign(story, { environment, old, target, mo });
    const source = new AccountOnServer(pair, { ...old, displayName: "Ada", side: "old" });
    story.rooms = await makeRooms({ source, mo, dee });
    await source.act("PUT", `/profile/${encodeURIComponent(source.userId)}/displayname`, {
      displayname: "Ada of the files",
    });
    story.person = await environment.client(target);
    story.chatId = await environment.directChat(story.person);
    await ask(`!login old ${old.userId} --password '${old.password}'`, /is signed in\b/u);
    story.files = {
      rooms: await exported("!export rooms", /^rooms-.*\.json$/u),
      data: await exported("!export data", /^data-.*\.json$/u),
    };
    await ask("!forget", /./u);
  });

  afterAll(() => story.environment.close());

  it("is told to sign in the old account as long as its server answers", async () => {
    const { old, target, files } = story;
    await send("rooms.json", files.rooms);
    expect(await ask("!import")).toContain("Good news: your old server answers.");
    await ask(`!login new ${target.userId} --password '${target.password}'`, /is signed in\b/u);
    expect(await ask("!migrate plan")).toContain(`!login old ${old.userId}`);
    await ask("!forget", /./u);
    await story.environment.pair.old.stop();
    story.chatId = await story.environment.directChat(story.person);
  });

  it("is refused what is no file of the old account, and nothing of it is stored", async () => {
    expect(await ask("!import")).toContain("You have sent me no file here in the last hour.");
    await send("rooms.json", story.files.rooms);
    expect(await ask("!import --as @eve:x.example")).toContain("The file says that it is of");
    await send("deep.json", Buffer.from("[".repeat(100_000)));
    expect(await ask("!import")).toContain("nested deeper than any list of rooms");
    await send("anchors.yaml", Buffer.from(`a: &a [x]\nroomSave: !!js/function "() => 1"\nb: *a\n`));
    expect(await ask("!import")).toContain("Nothing was stored.");
    await send("notes.txt", note());
    expect(await ask("!import")).toContain("it does not say whose it is. Nothing was stored.");
    expect(await ask("!migrate plan")).toMatch(/^A plan needs your two accounts first/u);
  });

  it("hands over all files as replies: the export, a note, and the list of another tool", async () => {
    const { old, rooms, files } = story;
    const list = stringify({ roomSave: [{ id: rooms.listed, name: "Listed", vias: [viaNew()] }] });
    const sent = [
      { id: await send("rooms.json", files.rooms), command: "!import", answer: "- 4 rooms" },
      { id: await send("data.json", files.data), command: "!import", answer: "your settings" },
      { id: await send("notes.txt", note()), command: `!import --as ${old.userId}`, answer: "- 1 room" },
      {
        id: await send("list.yaml", Buffer.from(list)),
        command: `!import --as ${old.userId}`,
        answer: "- 1 room",
      },
    ];
    for (const { id, command, answer } of sent) expect(await ask(command, /./u, id)).toContain(answer);
    await send("other.txt", note());
    expect(await ask("!import --as @ada:other.example")).toContain("I keep files about");
  });

  it("gets into what is open, and learns of every other room why it is not", async () => {
    const { target, rooms, mo, environment } = story;
    await ask(`!login new ${target.userId} --password '${target.password}'`, /is signed in\b/u);
    await ask("!migrate plan", /^Plan 1/u);
    const after = await story.person.say(story.chatId, "!migrate start");
    await fromBot((message) => textOf(message).startsWith("The move is done."), after);
    const report = await reportAfter(after);
    const actual = NAMES.map((name) => {
      const row = report.rooms.find(({ roomId }) => roomId === rooms[name]);
      const hasMo = row?.helpers.some(({ userId }) => userId === mo.userId);
      return { name, row: [row?.route, row?.status, row?.reason?.code ?? null, hasMo] };
    });
    expect(actual).toEqual(NAMES.map((name) => ({ name, row: EXPECTED[name] })));
    const account = accountOf(target, environment);
    const joined = await account.joinedRooms();
    expect(NAMES.filter((name) => joined.has(rooms[name]))).toEqual(["harbour", "listed"]);
    expect(await account.profile()).toMatchObject({ displayname: "Ada of the files" });
  });

  it("has an invitation taken up to a room that was only in a note", async () => {
    const { target, rooms, mo, environment } = story;
    await mo.letIn(target.userId, rooms.noted);
    await expect.poll(() => accountOf(target, environment).joinedRooms(), SOON).toContain(rooms.noted);
  });

  it("has nothing left to do in a second plan, and no refused join was tried twice", async () => {
    const { target, rooms, environment } = story;
    await ask("!migrate plan", /^Plan 2/u);
    await ask("!migrate start", /There is nothing left/u);
    const log = await environment.pair.new.accessLog();
    const refused = log
      .filter(({ user, method, status }) => user === target.userId && method === "POST" && status !== 200)
      .map(({ path }) => /\/join\/([^?]+)/u.exec(decodeURIComponent(path))?.[1]);
    const tries = NAMES.map((name) => ({ name, tries: refused.filter((id) => id === rooms[name]).length }));
    expect(tries.filter(({ tries: count }) => count > 0)).toEqual([
      { name: "island", tries: 1 },
      { name: "office", tries: 1 },
      { name: "noted", tries: 1 },
    ]);
  });

  it("is told when the operator has switched moves by file off", async () => {
    const { bot } = story.environment;
    await bot.stop();
    const configuration = parse(await readFile(bot.configPath, "utf8")) as Record<string, unknown>;
    await writeFile(
      bot.configPath,
      stringify({ ...configuration, access: { allow: ["@*:*"], imports: false } }),
    );
    await bot.start();
    await send("rooms.json", story.files.rooms);
    expect(await ask("!import")).toContain("its operator has switched that off. Nothing was stored.");
    expect(await ask("!migrate plan")).toContain("!login old");
  });
});

async function makeRooms(people: {
  source: AccountOnServer;
  mo: Moderator;
  dee: Moderator;
}): Promise<Record<Name, string>> {
  const { source, mo, dee } = people;
  const inPublic = async (by: Moderator, name: string, more: object = {}): Promise<string> => {
    const made = await by.act("POST", "/createRoom", {
      ...{ name, preset: "public_chat", room_version: "11", invite: [source.userId], ...more },
    });
    const roomId = String(made["room_id"]);
    await source.act("POST", `/join/${encodeURIComponent(roomId)}`);
    return roomId;
  };
  const harbour = await inPublic(dee, "Harbour", { room_alias_name: "harbour" });
  await dee.letIn(mo.userId, harbour);
  await mo.accept(harbour);
  const closed = await mo.makeRoom({ name: "Board", members: [] });
  const office = await mo.makeRoom({ name: "Office", members: [source] });
  const allow = [{ type: "m.room_membership", room_id: closed }];
  await mo.setState(office, "m.room.join_rules", { join_rule: "restricted", allow });
  return {
    harbour,
    office,
    island: await inPublic(dee, "Island"),
    cellar: await dee.makeRoom({ name: "Cellar", members: [source] }),
    noted: await mo.makeRoom({ name: "Noted", members: [] }),
    listed: await mo.makeRoom({ name: "Listed", members: [], joinRule: "public" }),
  };
}

function accountOf(account: Account, { pair }: BotEnvironment): AccountOnServer {
  return new AccountOnServer(pair, { ...account, displayName: "Ada", side: "new" });
}

function viaNew(): string {
  return story.environment.pair.new.serverName;
}

/** What a person found in their notes. */
function note(): Buffer {
  return Buffer.from(`I was in https://matrix.to/#/${story.rooms.noted}?via=${viaNew()}, ask there.\n`);
}

function send(name: string, bytes: Buffer): Promise<string> {
  return story.person.sendFile(story.chatId, { name, mimetype: "application/octet-stream", bytes });
}

/**
 * Says something, perhaps as a reply, and resolves with the first whole answer that matches.
 */
async function ask(text: string, isAnswer = /./u, replyTo?: string): Promise<string> {
  const extra = replyTo === undefined ? {} : { "m.relates_to": { "m.in_reply_to": { event_id: replyTo } } };
  const after = await story.person.say(story.chatId, text, extra);
  return textOf(await fromBot((message) => isWholeAnswer(message) && isAnswer.test(textOf(message)), after));
}

function fromBot(isIt: (message: SeenMessage) => boolean, after: string): Promise<SeenMessage> {
  const { person, chatId, environment } = story;
  return person.waitForMessage(chatId, isIt, { from: environment.botUserId, after });
}

async function exported(command: string, fileName: RegExp): Promise<Buffer> {
  const { person, chatId } = story;
  const after = await person.say(chatId, command);
  return person.downloadFile(
    await fromBot(({ content }) => fileName.test(String(content["filename"])), after),
  );
}

async function reportAfter(after: string): Promise<ExportedReport> {
  const file = await fromBot(({ content }) => content["filename"] === "report-1.json", after);
  return exportedReportSchema.parse(JSON.parse((await story.person.downloadFile(file)).toString()));
}
