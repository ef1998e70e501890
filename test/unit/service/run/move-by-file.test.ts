import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import type { FileRoom } from "../../../../src/model/room-file.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { ShownPlan } from "../../../../src/service/plan/results.ts";
import type { Document } from "../../../../src/view/document/document.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { planMessage } from "../../../../src/view/migrate/plan.ts";
import { startAnswer } from "../../../../src/view/migrate/start.ts";
import { statusAnswer } from "../../../../src/view/migrate/status.ts";
import { undoQuestion } from "../../../../src/view/migrate/undo.ts";
import { verifyAnswer } from "../../../../src/view/migrate/verify.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { OWNER, SOURCE, fakePerson, request, signIn, startFakeBot } from "../../../support/fakes/fake-bot.ts";
import { sendAll } from "../../../support/store/send-all.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const SECOND = 1_000;

/** What nobody may read who has only files of the old account. */
const ABOUT_A_SESSION =
  /both accounts|two accounts|invitation from your old account|Keep your old account|!login old @you/u;

/** The requests that reached the old server. */
let toOldServer: string[];
let isOldServerBack: boolean;
let bot: FakeBot;

const mo = { userId: "@mo:live.example", displayName: "Mo", power: 100 };

function room(roomId: string, joinRule: string, more: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId, joinRule, membership: "join", name: "Room", alias: null, aliases: [], via: ["new.example"] },
    ...{ version: "11", allow: [], encrypted: false, direct: false, partner: null, tags: {}, power: 50 },
    ...{ memberCount: 3, helpers: [], successor: null, link: null, ...more },
  };
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  toOldServer = [];
  isOldServerBack = false;
  bot = startFakeBot({
    folder: await temporaryFolder(),
    servers: fakePerson(),
    onRequest: ({ host, path }) => {
      if (host !== "old.example") return;
      toOldServer.push(path);
      if (isOldServerBack) return;
      throw new UnreachableError("dns", host);
    },
  });
  await signIn(bot, ["target"]);
  const rooms = [
    room("!public:old.example", "public"),
    room("!invited:old.example", "invite"),
    room("!knock:old.example", "knock", { helpers: [mo] }),
    room("!closed:old.example", "invite", { helpers: [mo] }),
    room("!local:old.example", "invite"),
    room("!stubborn:old.example", "public", { helpers: [mo] }),
    room("!private:old.example", "invite", { direct: true, partner: "@bo:old.example" }),
  ];
  const findings = { writtenAt: Date.UTC(2026, 10, 30), contacts: [], data: null, rooms };
  await bot.store.store.imports.add({ owner: OWNER, userId: SOURCE, isInstead: false, findings }, Date.now());
  await bot.runServices.start();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

/** Gives the result of work that takes time. */
async function after<Result>(work: Promise<Result>): Promise<Result> {
  const ended = Promise.withResolvers<undefined>();
  const settle = (): void => ended.resolve(undefined);
  work.then(settle, settle);
  const isOver = ended.promise.then(() => true);
  for (let tick = 0; tick < 1_000; tick += 1)
    if (await Promise.race([isOver, vi.advanceTimersByTimeAsync(SECOND).then(() => false)])) break;
  return work;
}

async function plan(): Promise<ShownPlan> {
  const result = await after(bot.planning.plan({ ...request, filters: { ...NO_FILTERS, categories: null } }));
  if (result.status !== "planned") throw new Error(`no plan: ${result.status}`);
  return result.plan;
}

const text = ({ document }: { document: Document }): string => renderPlainText(document);

/** Plans, starts and waits until the run only watches. */
async function move({ comesBack = false } = {}): Promise<{ shown: ShownPlan; said: string[] }> {
  const shown = await plan();
  const started = await after(bot.runServices.starter.start(request));
  isOldServerBack = comesBack;
  const { runs } = bot.store.store;
  for (let tick = 0; tick < 600 && (await runs.last(OWNER))?.state !== "watching"; tick += 1)
    await vi.advanceTimersByTimeAsync(SECOND);
  const sent = await sendAll(bot.store.store.outbox);
  const answer = text(startAnswer(started, "move", "!"));
  const documents = sent.map(({ content }) => content as { document: Document });
  return { shown, said: [text(planMessage(shown, VIEW)), answer, ...documents.map(text)] };
}

const VIEW = { prefix: "!", isWatched: false };

describe("a move by a file alone", () => {
  it("says what can be moved, what is tried, and what was done", async () => {
    const { said } = await move();
    expect(said[0]).toContain("7 rooms: 2 I can move, 2 I can try, 0 already done.");
    const end = said.at(-1);
    expect(end).toContain("The move is done. @me:old.example → @me:new.example: 2 of 7 rooms done.");
    expect(end).toContain("- 2 rooms joined\n- knocked at 1 room");
    expect(end).toContain("I know of nobody who could let you in (2)");
  });

  it("speaks of no session of the old account, and sends it no request", async () => {
    const { said } = await move();
    const { runServices } = bot;
    const verified = await after(runServices.verifier.verify(request));
    const undo = await after(runServices.starter.previewUndo({ ...request }));
    if (undo.status !== "possible") throw new Error(`no undo: ${undo.status}`);
    const all = [
      ...said,
      text(statusAnswer({ runs: await runServices.overview.statuses(OWNER), kept: null }, Date.now(), "!")),
      text(verifyAnswer(verified, "!")),
      text(undoQuestion(undo, { word: "undo", typedWord: "undo and leave" })),
    ];
    for (const message of all) expect(message).not.toMatch(ABOUT_A_SESSION);
    // Whether it answers is asked, and nothing about the account.
    expect(toOldServer.filter((path) => path.startsWith("/_matrix/client/v"))).toEqual([]);
  });

  it("goes on though the old server comes back, and says so; a new plan then needs the account", async () => {
    const { said } = await move({ comesBack: true });
    const isBack = "The server of your old account answers again. !login old @me:old.example and then";
    expect(said.at(-1)).toContain(isBack);
    const runs = await after(bot.runServices.overview.statuses(OWNER));
    expect(text(statusAnswer({ runs, kept: null }, Date.now(), "!"))).toContain(isBack);
    const filters = { ...NO_FILTERS, categories: null };
    const refused = { status: "old_server_answers", userId: SOURCE };
    expect(await after(bot.planning.plan({ ...request, filters }))).toEqual(refused);
    const again = { ...request, address: { ...request.address, eventId: "$again" } };
    expect(await after(bot.runServices.starter.joinAll({ ...again, filters, rooms: [] }))).toEqual(refused);
  });

  it("leaves nothing for a second plan, and tries no room twice", async () => {
    await move();
    const second = await plan();
    expect(second.work.canBegin).toBe(false);
    expect(second.byFiles?.tried).toEqual([]);
    expect(text(planMessage(second, VIEW))).toContain("7 rooms: 0 I can move, 2 already done.");
  });
});
