import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../../../src/model/account.ts";
import type { GivenName } from "../../../src/model/contact.ts";
import { KeyedQueue } from "../../../src/model/keyed-queue.ts";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import type { ContentStepKind } from "../../../src/platforms/matrix/categories/category-plan.ts";
import { readPushRules } from "../../../src/platforms/matrix/categories/push-rules/push-rule.ts";
import {
  compareContents,
  CONTENT_STEP_KINDS,
  planContentSteps,
} from "../../../src/platforms/matrix/categories/registry.ts";
import { givenNamesOf, withFormerNames } from "../../../src/platforms/matrix/contact/rename/given-names.ts";
import { planRenaming } from "../../../src/platforms/matrix/contact/rename/plan.ts";
import { convertRoom } from "../../../src/platforms/matrix/convert-room.ts";
import { mentionRule, workingMentionRule } from "../../../src/platforms/matrix/finish/mention-rule.ts";
import { endAllSessions, openSessions } from "../../../src/platforms/matrix/finish/sessions.ts";
import type { AccountReading } from "../../../src/platforms/matrix/reading/account-reading.ts";
import { canUndo, runStep } from "../../../src/platforms/matrix/runs/run-step.ts";
import type { StepContext } from "../../../src/platforms/matrix/steps/step-context.ts";
import { contactTexts } from "../../../src/view/contact/texts.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { Population } from "../../lab/population/population.ts";
import { populate } from "../../lab/population/population.ts";
import { put } from "../../lab/population/session.ts";
import { imageCopiesIn } from "../../support/fakes/image-copies.ts";
import type { Accounts } from "./content-accounts.ts";
import { addChoices, openAccounts } from "./content-accounts.ts";
import { until } from "./run-steps.ts";

const fetch = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

const HISTORY_PAUSE_MS = 5_000;

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  folder: string;
  pair: HomeserverPair;
  population: Population;
  accounts: Accounts;
  before: AccountReading;
  steps: PlannedStep[];
  outcomes: StepOutcome[];
  /**
   * A room that the target has not joined at first, and two that it has joined. None is a direct
   * chat.
   */
  chosen: [string, string, string];
}

const story = {} as Story;

beforeAll(async () => {
  story.folder = await mkdtemp(join(tmpdir(), "mover-content-steps-"));
  story.pair = await startHomeserverPair({ folder: join(story.folder, "pair"), limits: "unlimited" });
  story.population = await populate({ pair: story.pair, seed: 11 });
  story.accounts = await openAccounts(story.pair, story.population, fetch);
  // A server lists rooms in an order that depends on timing. The population's order does not.
  const made = story.population.rooms.filter(({ directWith }) => directWith === null);
  const [first = "", second = "", third = ""] = made
    .map(({ roomId }) => roomId)
    .filter((roomId) => story.accounts.roomIds.includes(roomId));
  story.chosen = [first, second, third];
  await story.accounts.enter(second);
  await story.accounts.enter(third);
  await addChoices(story.accounts, story.chosen, story.population.sourceData.avatarUrl);
  const readings = await story.accounts.read();
  story.before = readings.target;
  const planned = planContentSteps(readings.source, readings.target, story.accounts.roomIdOnTarget);
  story.steps = planned.toSorted((left, right) => left.stage - right.stage);
});

afterAll(async () => {
  const { folder, pair } = story;
  await fetch.close();
  await pair.stop();
  await rm(folder, { recursive: true });
});

describe("the steps of an account's contents", () => {
  it("are of every kind, each with its own key", () => {
    const { steps } = story;
    expect(new Set(steps.map(({ kind }) => kind))).toEqual(new Set(CONTENT_STEP_KINDS));
    expect(new Set(steps.map(({ key }) => key)).size).toBe(steps.length);
  });

  it("are done, until nothing is missing and a second plan is empty", async () => {
    const { accounts, steps } = story;
    // The profile is written before any room is entered, as in a run.
    const profile = await runAll(stepsOf("profile_field"), { canSkipCheck: true });
    for (const roomId of accounts.roomIds) await accounts.enter(roomId);
    story.outcomes = [...profile, ...(await runAll(steps.slice(profile.length), { canSkipCheck: true }))];
    expect(steps.map(({ key }, index) => `${key}: ${story.outcomes[index]?.status ?? ""}`)).toEqual(
      steps.map(({ key }) => `${key}: done`),
    );
    const { source, target } = await accounts.read();
    const { categories } = compareContents(source, target, accounts.roomIdOnTarget);
    expect(categories.filter(({ missing }) => missing.length > 0)).toEqual([]);
    expect(planContentSteps(source, target, accounts.roomIdOnTarget)).toEqual([]);
  });

  it("keep what the target has chosen", async () => {
    const { accounts, chosen } = story;
    const { target } = await accounts.read();
    const [, second, third] = chosen;
    const tags = target.roomTags.get(second);
    expect(tags).toEqual(
      expect.arrayContaining([
        { name: "u.both", order: 0.9 },
        { name: "u.own", order: null },
      ]),
    );
    expect(target.snapshot.accountData.get("m.direct")).toMatchObject({
      [`@friend:${accounts.target.serverName}`]: [third],
      "not a user ID": ["!junk"],
    });
    expect(target.snapshot.accountData.get("im.vector.web.settings")).toMatchObject({
      showTwelveHourTimestamps: false,
      own: 1,
    });
    expect(target.snapshot.accountData.get("m.ignored_user_list")).toMatchObject({
      ignored_users: { "@own:spam.example": {}, "@spam:gone.example": {} },
      more: 1,
    });
    expect(JSON.stringify(target.pushRules["content"])).toContain('"own"');
    const ofRoom = target.roomAccountData.get(second);
    expect(ofRoom?.get("m.marked_unread")).toEqual({ unread: false });
    expect(ofRoom?.get("com.famedly.marked_unread")).toBeUndefined();
  });

  it("mark rooms as read at the source's position, although the target's server is new to them", async () => {
    const { population, accounts } = story;
    const { target } = await accounts.read();
    const marked = Object.entries(population.sourceData.readMarkers).filter(([roomId]) =>
      accounts.roomIds.includes(roomId),
    );
    expect(marked.length).toBeGreaterThan(3);
    // In a room that hides events from the target, only the nearest event that the server counts
    // can be marked. Which event that is depends on timing.
    const hiding = population.rooms.filter(
      ({ kind }) => kind === "history-joined" || kind === "history-invited",
    );
    const hidden = new Set(hiding.map(({ roomId }) => roomId));
    const markers = marked.map(([roomId]) => [
      roomId,
      target.roomAccountData.get(roomId)?.get("m.fully_read"),
    ]);
    expect(markers).toEqual(
      marked.map(([roomId, eventId]) => [
        roomId,
        { event_id: hidden.has(roomId) ? expect.stringMatching(/^\$/) : eventId },
      ]),
    );
  });

  it("copy the avatar to the target's server", async () => {
    const { pair, population, accounts } = story;
    const { target } = await accounts.read();
    const { avatarUrl } = target.profile;
    expect(avatarUrl).toContain(`mxc://${pair.new.serverName}/`);
    expect(avatarUrl).not.toBe(population.sourceData.avatarUrl);
    const path = `/_matrix/client/v1/media/download/${avatarUrl?.slice("mxc://".length) ?? ""}`;
    const image = await accounts.target.client.download({ path });
    const [serverName, mediaId] = population.sourceData.avatarUrl.slice("mxc://".length).split("/");
    const original = await accounts.source.client.download({
      path: `/_matrix/client/v1/media/download/${serverName ?? ""}/${mediaId ?? ""}`,
    });
    expect(Buffer.from(image.bytes)).toEqual(Buffer.from(original.bytes));
    expect(image.contentType).toBe("image/png");
  });

  it("find everything done on another try, and change nothing", async () => {
    const { accounts, steps } = story;
    const { target } = await accounts.read();
    const again = await runAll(steps, { canSkipCheck: false });
    expect(again.filter(({ status }) => status !== "already_done")).toEqual([]);
    expect(comparable((await accounts.read()).target)).toEqual(comparable(target));
  });

  it("find nothing missing while the source has another name, and nothing is lost when it is taken back", async () => {
    const { accounts, chosen } = story;
    const [ownRoom] = chosen;
    const before = await accounts.read();
    const [rename] = renaming(before.source, [], false);
    if (rename === undefined) throw new Error("nothing to rename");
    expect(await runAll([rename], { canSkipCheck: true })).toMatchObject([{ status: "done" }]);
    const { displayName: given } = await until(
      async () => (await accounts.read()).source.profile,
      ({ displayName }) => displayName !== before.source.profile.displayName,
    );
    expect(given).toBe(`${before.source.profile.displayName ?? ""} (now ${accounts.target.userId})`);
    // The server overwrites names and pictures of single rooms.
    const everywhere = { displayName: given, avatarUrl: before.source.profile.avatarUrl };
    const { source, target } = await until(
      () => accounts.read(),
      (read) => isDeepStrictEqual(read.source.roomProfiles.get(ownRoom), everywhere),
    );
    expect(source.roomProfiles.get(ownRoom)).toEqual(everywhere);
    const givenNames = givenNamesOf([{ ...rename, payload: asStored(rename.payload), runId: 1 }]);
    const chosenNames = withFormerNames(source, givenNames, accounts.target.userId);
    // A server lists rooms in another order after each event.
    const compared = (one: AccountReading): unknown => {
      const { categories, notMoved } = compareContents(one, target, accounts.roomIdOnTarget);
      const left = notMoved.map(({ category, item, code }) => `${category} ${item}: ${code}`);
      return { categories, left: left.toSorted() };
    };
    expect(compared(chosenNames)).toEqual(compared(before.source));
    expect(planContentSteps(chosenNames, target, accounts.roomIdOnTarget)).toEqual([]);
    const keys = ["undo:1:rename_profile", `undo:1:rename_profile ${ownRoom}`];
    const back = renaming(source, givenNames, true).filter(({ key }) => keys.includes(key));
    expect((await runAll(back, { canSkipCheck: true })).map(({ status }) => status)).toEqual([
      "done",
      "done",
    ]);
    const after = await until(
      () => accounts.read(),
      (read) => read.source.profile.displayName === before.source.profile.displayName,
    );
    expect(after.source.profile).toEqual(before.source.profile);
    expect(after.source.roomProfiles.get(ownRoom)).toEqual(before.source.roomProfiles.get(ownRoom));
  });

  it("leave rooms that a person can convert to direct chats and back", async () => {
    const { accounts, chosen } = story;
    const { client, userId } = accounts.target;
    const account = { client, userId, inTurn: new KeyedQueue() };
    const [, roomId] = chosen;
    const conversion = { roomId, partner: null, excluded: [userId, accounts.source.userId] };
    const before = (await accounts.read()).target.snapshot.accountData.get("m.direct");
    const made = await convertRoom(account, { ...conversion, toDirect: true });
    expect(made).toEqual({ status: "converted", partner: expect.stringMatching(/^@/) });
    expect(await convertRoom(account, { ...conversion, toDirect: true })).toEqual({
      ...made,
      status: "unchanged",
    });
    expect((await convertRoom(account, { ...conversion, toDirect: false })).status).toBe("converted");
    expect((await convertRoom(account, { ...conversion, toDirect: false })).status).toBe("unchanged");
    await put(accounts.target, apiPath`/_matrix/client/v3/user/${userId}/account_data/m.direct`, before);
  });

  it("are undone until the target is as at first, and undone again without effect", async () => {
    const { accounts, before, steps } = story;
    const rest = steps.filter(({ kind }) => kind !== "profile_field");
    expect(await undoAll(rest)).toEqual(new Set(["done"]));
    const { displayName, avatarUrl } = (await accounts.read()).target.profile;
    for (const profile of (await accounts.read()).target.roomProfiles.values())
      expect(profile).toEqual({ displayName, avatarUrl });
    expect(await undoAll(stepsOf("profile_field"))).toEqual(new Set(["done"]));
    expect(comparable((await accounts.read()).target)).toEqual(comparable(before));
    expect(await undoAll(steps)).toEqual(new Set(["already_done"]));
  });
});

describe("mentions of the old account", () => {
  const rule = (isOff: boolean): PlannedStep => ({
    ...{ key: "mention_rule", platform: "matrix", kind: "mention_rule", side: "target", stage: 2 },
    ...{ limits: [], needsRoom: null, after: null, roomId: null },
    payload: { oldUserId: story.accounts.source.userId, isOff },
  });
  const set = (isOff: boolean) => runStep(rule(isOff), context({ canSkipCheck: true }));

  it.each(["override", "content"] as const)("reach the new one by a rule of the kind %s", async (kind) => {
    const { source, target } = story.accounts;
    if (kind === "override") expect((await set(false)).status).toBe("done");
    else {
      const { ruleId, actions, pattern } = mentionRule(kind, source.userId);
      await put(target, apiPath`/_matrix/client/v3/pushrules/global/content/${ruleId}`, { actions, pattern });
    }
    const { pushRules } = (await story.accounts.read()).target;
    expect(workingMentionRule(readPushRules(pushRules).rules, source.userId)).toMatchObject({ kind });
    expect((await set(false)).status).toBe("already_done");
    const eventId = await mention(kind);
    await expect.poll(() => isHighlighted(eventId)).toBe(true);
    expect((await set(true)).status).toBe("done");
    expect((await set(true)).status).toBe("already_done");
  });
});

describe("all sessions of the old account", () => {
  it("are ended by one request, and the bot's own is among them", async () => {
    const { client, userId } = story.accounts.source;
    const account: Account = {
      ...{ owner: userId, side: "source", userId, baseUrl: "", method: "token" },
      ...{ deviceId: null, signedInAt: 0 },
    };
    const { others, endedAt } = await openSessions(account, client);
    expect(others).toBeGreaterThan(0);
    expect(endedAt).toEqual({ kind: "here" });
    const begun: string[] = [];
    const end = () => endAllSessions(client, async () => void begun.push("begun"));
    expect(await end()).toEqual({ status: "ended" });
    expect(await end()).toEqual({ status: "session_ended" });
    expect(begun).toEqual(["begun"]);
  });
});

/** A message of the old account that mentions itself, for one of the two kinds of rules. */
async function mention(kind: "override" | "content"): Promise<string> {
  const { source } = story.accounts;
  const [, roomId] = story.chosen;
  const body =
    kind === "content"
      ? { msgtype: "m.text", body: `${source.userId}: hello`, "m.mentions": {} }
      : { msgtype: "m.text", body: "hello", "m.mentions": { user_ids: [source.userId] } };
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/send/m.room.message/${kind}`;
  const schema = z.object({ event_id: z.string() });
  const { event_id: eventId } = await source.client.request({ method: "PUT", path, body, schema });
  return eventId;
}

async function isHighlighted(eventId: string): Promise<boolean> {
  const { notifications } = await story.accounts.target.client.request({
    method: "GET",
    path: "/_matrix/client/v3/notifications",
    query: { only: "highlight" },
    schema: z.object({ notifications: z.array(z.object({ event: z.object({ event_id: z.string() }) })) }),
  });
  return notifications.some(({ event }) => event.event_id === eventId);
}

/** The steps that give the source a new name everywhere, or take it back. */
function renaming(source: AccountReading, givenNames: readonly GivenName[], undo: boolean): PlannedStep[] {
  const { userId: targetUserId } = story.accounts.target;
  const parties = { sourceUserId: source.snapshot.userId, targetUserId, botUserIds: new Set<string>() };
  const readings = { source: withFormerNames(source, givenNames, targetUserId) };
  const input = { parties, readings, shown: source, givenNames, decided: { rooms: [] } };
  return [...planRenaming(input, { name: null, rooms: [], undo }, { texts: contactTexts }).steps];
}

function stepsOf(wanted: ContentStepKind): PlannedStep[] {
  return story.steps.filter(({ kind }) => kind === wanted);
}

function context(options: Pick<StepContext, "canSkipCheck">): StepContext {
  const { source, target, roomIds } = story.accounts;
  return {
    client: { source: source.client, target: target.client },
    side: "target",
    stepId: "step",
    userId: { source: source.userId, target: target.userId },
    imageCopies: imageCopiesIn(),
    inTurn: new KeyedQueue(),
    now: Date.now,
    failures: 0,
    savedUndo: null,
    saveUndo: async () => undefined,
    reserveChat: async () => ({ status: "reserved" }),
    isJoined: (roomId) => roomIds.includes(roomId),
    signal: new AbortController().signal,
    mayGoOn: () => true,
    ...options,
  };
}

/** Stores what the steps keep as JSON in between, like a run. */
async function runAll(
  some: readonly PlannedStep[],
  options: Pick<StepContext, "canSkipCheck">,
): Promise<StepOutcome[]> {
  const ended: StepOutcome[] = [];
  for (const step of some) ended.push(await runOne(step, options));
  return ended;
}

/**
 * Repeats steps that wait for their room, like the runner. History arrives at a server, and a new
 * name in the rooms, after an unknown time.
 */
async function runOne(
  { payload, ...step }: PlannedStep,
  options: Pick<StepContext, "canSkipCheck">,
): Promise<StepOutcome> {
  const run = async (mayHistoryCome: boolean): Promise<StepOutcome> =>
    runStep({ ...step, payload: asStored(payload) }, { ...context(options), mayHistoryCome });
  let outcome = await run(true);
  while (outcome.status === "wait") {
    await pause(HISTORY_PAUSE_MS);
    outcome = await run(false);
  }
  return outcome;
}

async function undoAll(some: readonly PlannedStep[]): Promise<Set<string>> {
  const ended = new Set<string>();
  for (const step of some.toReversed()) {
    const outcome = story.outcomes[story.steps.indexOf(step)];
    if (!canUndo(step.kind) || outcome?.status !== "done") continue;
    const payload = asStored({ kind: step.kind, undo: outcome.undo });
    const undo = { ...step, kind: "undo", payload } as const;
    ended.add((await runStep(undo, context({ canSkipCheck: true }))).status);
  }
  return ended;
}

function asStored(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/**
 * The state that an undo restores, without names in rooms. Emptied account data counts as absent.
 * Read markers are left out, because they only move forward.
 */
function comparable({ snapshot, roomAccountData, roomTags, profile, pushRules }: AccountReading): unknown {
  const rooms = [...roomAccountData].map(([roomId, byType]) => {
    const kept = [...byType].filter(([type]) => type !== "m.fully_read");
    return [roomId, withoutEmpty(kept)] as const;
  });
  const { "m.direct": direct, ...accountData } = withoutEmpty([...snapshot.accountData]);
  delete accountData["m.push_rules"];
  return {
    accountData,
    direct: Object.entries(direct as Record<string, string[]>).map(([key, roomIds]) => [
      key,
      new Set(roomIds),
    ]),
    rooms: Object.fromEntries(rooms.filter(([, kept]) => Object.keys(kept).length > 0)),
    tags: Object.fromEntries(
      [...roomTags].filter(([, tags]) => tags.length > 0).map(([roomId, tags]) => [roomId, new Set(tags)]),
    ),
    profile,
    pushRules,
  };
}

function withoutEmpty(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries.filter(([, content]) => JSON.stringify(content) !== "{}"));
}
