import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readPushRules } from "../../../../src/platforms/matrix/categories/push-rules/push-rule.ts";
import { workingMentionRule } from "../../../../src/platforms/matrix/finish/mention-rule.ts";
import { MentionRules } from "../../../../src/service/finish/mentions.ts";
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
import { accountsIn } from "../../../support/store/accounts-in.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

let bot: FakeBot;
let servers: FakeHomeservers;
let mentions: MentionRules;
let asked: string[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  servers = fakePerson();
  asked = [];
  bot = startFakeBot({
    folder: await temporaryFolder(),
    servers,
    onRequest: ({ host, method, path }) => {
      // At the end of a run by files the bot looks whether the old server answers.
      const isProbe = host === "old.example" && /^\/(?:\.well-known|_matrix\/client\/versions)/u.test(path);
      if (!isProbe) asked.push(`${method} ${path.split("/").at(-2) ?? ""}`);
    },
  });
  const { platform, runServices, store } = bot;
  mentions = new MentionRules({ ...runServices, platform, accounts: accountsIn(store.store) });
  await runServices.start();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

const isOver = async (): Promise<boolean> => (await bot.store.store.runs.last(OWNER))?.state === "over";

function isOn(): boolean {
  const { rules } = readPushRules(structuredClone(servers.accounts.get(TARGET)?.pushRules ?? {}));
  return workingMentionRule(rules, SOURCE) !== null;
}

describe("mentions of the old account", () => {
  it("need both accounts", async () => {
    expect(await mentions.set(request, { isOff: false })).toEqual({
      status: "not_signed_in",
      missing: ["source", "target"],
      files: { kind: "none" },
    });
  });

  it("reach the new one also if the old one is known only from files", async () => {
    await signIn(bot, ["target"]);
    const findings = { writtenAt: null, rooms: [], contacts: [], data: null };
    await bot.store.store.imports.add({ owner: OWNER, userId: SOURCE, findings, isInstead: false }, 1);
    expect(await mentions.set(request, { isOff: false })).toMatchObject({ status: "started" });
    await passTimeUntil(isOver);
    expect(isOn()).toBe(true);
    expect(asked).toEqual(["GET pushrules", "PUT content"]);
  });

  it("reach the new one without a question and without a reading, and one message says so", async () => {
    await signIn(bot);
    expect(await mentions.set(request, { isOff: false })).toMatchObject({ status: "started" });
    await passTimeUntil(isOver);
    expect(isOn()).toBe(true);
    expect(asked).toEqual(["GET pushrules", "PUT content"]);
    expect(await bot.store.store.outbox.unsentCount()).toBe(1);
  });

  it("are seen to once for a message that a crash repeats", async () => {
    await signIn(bot);
    const first = await mentions.set(request, { isOff: false });
    await passTimeUntil(isOver);
    const again = await mentions.set(request, { isOff: false });
    expect(again).toMatchObject({
      status: "started",
      run: { startedAt: first.status === "started" && first.run.startedAt },
    });
    expect((await bot.store.store.runs.between(OWNER, SOURCE, TARGET)).length).toBe(1);
  });

  it("are taken back with the move", async () => {
    await signIn(bot);
    await mentions.set(request, { isOff: false });
    await passTimeUntil(isOver);
    const preview = await bot.runServices.starter.previewUndo(request);
    if (preview.status !== "possible") throw new Error(preview.status);
    const address = { ...request.address, eventId: "$undo" };
    await bot.runServices.starter.undo(
      { owner: OWNER, address },
      { shown: preview.shown, leavesAnyway: false },
    );
    await passTimeUntil(isOver);
    expect(isOn()).toBe(false);
  });
});
