import { pino } from "pino";
import { vi } from "vitest";
import { answererOfKept } from "../../../src/dialogue/kept-answers.ts";
import type { SendMessage } from "../../../src/dialogue/run-notices.ts";
import { RunAnnouncer } from "../../../src/dialogue/run-notices.ts";
import type { Side } from "../../../src/model/account.ts";
import { sides } from "../../../src/model/account.ts";
import type { ConversationAddress } from "../../../src/model/conversation-address.ts";
import type { PlanFilters } from "../../../src/model/filters.ts";
import { NO_FILTERS } from "../../../src/model/filters.ts";
import { createMatrixPlatform } from "../../../src/platforms/matrix/platform.ts";
import type { Platform } from "../../../src/platforms/platform.ts";
import { Planning } from "../../../src/service/plan/planning.ts";
import { Readings } from "../../../src/service/plan/readings.ts";
import { RoomHistories } from "../../../src/service/plan/room-histories.ts";
import type { RunServices } from "../../../src/service/run/create-runs.ts";
import { createRuns } from "../../../src/service/run/create-runs.ts";
import type { Cause } from "../../../src/store/cause.ts";
import type { Store } from "../../../src/store/store.ts";
import { contactTexts } from "../../../src/view/contact/texts.ts";
import type { Message } from "../../../src/view/document/message.ts";
import type { CrashTime, CrashingStore } from "../faults/crashing-store.ts";
import { openCrashingStore } from "../faults/crashing-store.ts";
import { NO_DEVICES } from "../keys/no-devices.ts";
import { accountsIn } from "../store/accounts-in.ts";
import type { FakeAccount, FakeRequest } from "./fake-homeservers.ts";
import { FakeHomeservers, baseUrlOf, tokenOf } from "./fake-homeservers.ts";
import { MODERATOR, fakeRoom } from "./fake-room.ts";

export const SOURCE = "@me:old.example";
export const TARGET = "@me:new.example";
/** A third account, which commands the bot. */
export const OWNER = "@person:old.example";
export const BOT = "@mover:new.example";

const address: ConversationAddress = {
  roomId: "!chat:new.example",
  eventId: "$start",
  threadRoot: null,
  roomKind: "direct",
  sender: OWNER,
  isEncrypted: false,
};
export const request = { owner: OWNER, address, botRoomIds: [], onProgress: () => undefined };
const filters = { ...NO_FILTERS, exclude: ["!excluded:old.example"], categories: null };

function account(userId: string, more: Partial<FakeAccount> = {}): FakeAccount {
  return { userId, profile: {}, accountData: new Map(), roomAccountData: new Map(), pushRules: {}, ...more };
}

/** A person with a room for each route and an item for each category. */
export function fakePerson(): FakeHomeservers {
  const inside = { [SOURCE]: "join" };
  const rooms = [
    fakeRoom({
      roomId: "!council:old.example",
      members: { ...inside, [TARGET]: "join" },
      levels: { [SOURCE]: 100 },
    }),
    fakeRoom({ roomId: "!invited:old.example", members: { ...inside, [TARGET]: "invite" } }),
    fakeRoom({ roomId: "!public:old.example", members: inside, rule: "public", levels: { [SOURCE]: 50 } }),
    fakeRoom({
      roomId: "!space:old.example",
      members: inside,
      rule: "public",
      create: { type: "m.space" },
      children: ["!restricted:old.example"],
    }),
    fakeRoom({
      roomId: "!restricted:old.example",
      members: inside,
      rule: "restricted",
      allow: ["!space:old.example"],
    }),
    fakeRoom({
      roomId: "!private:old.example",
      members: { ...inside, "@bo:old.example": "join" },
      levels: { [SOURCE]: 100 },
      names: { [SOURCE]: "Maestro" },
    }),
    fakeRoom({
      roomId: "!stubborn:old.example",
      members: inside,
      rule: "public",
      isStubborn: true,
      levels: { [SOURCE]: 50 },
    }),
    fakeRoom({ roomId: "!knock:old.example", members: inside, rule: "knock" }),
    fakeRoom({ roomId: "!closed:old.example", members: inside }),
    fakeRoom({ roomId: "!upgraded:old.example", members: inside, replacement: "!replacement:old.example" }),
    fakeRoom({ roomId: "!replacement:old.example", members: inside, rule: "public" }),
    fakeRoom({ roomId: "!local:old.example", members: inside, create: { "m.federate": false } }),
    fakeRoom({ roomId: "!excluded:old.example", members: inside, rule: "public" }),
  ];
  const source = account(SOURCE, {
    profile: { displayname: "Me", avatar_url: "mxc://old.example/face" },
    accountData: new Map<string, Record<string, unknown>>([
      ["m.direct", { "@bo:old.example": ["!private:old.example"], [MODERATOR]: ["!knock:old.example"] }],
      ["m.ignored_user_list", { ignored_users: { "@pest:old.example": {} } }],
      ["m.recent_emoji", { recent_emoji: [{ emoji: "🎺", total: 3 }] }],
    ]),
    roomAccountData: new Map([
      ["!public:old.example", new Map([["m.tag", { tags: { "m.favourite": { order: 0.5 } } }]])],
      ["!closed:old.example", new Map([["m.tag", { tags: { "u.work": {} } }]])],
      [
        "!private:old.example",
        new Map<string, Record<string, unknown>>([
          ["m.fully_read", { event_id: "$last-in-pri" }],
          ["m.marked_unread", { unread: true }],
        ]),
      ],
    ]),
    pushRules: {
      content: [
        { rule_id: "harvest", default: false, enabled: true, actions: ["notify"], pattern: "harvest" },
        { rule_id: "rain", default: false, enabled: false, actions: [], pattern: "rain" },
      ],
      room: [{ rule_id: "!knock:old.example", default: false, enabled: true, actions: [] }],
    },
  });
  return new FakeHomeservers(rooms, [source, account(TARGET, { profile: { displayname: "me" } })]);
}

/** A moderator accepts the knock and invites to the room that only a moderator can open. */
export function letIn({ rooms, seen }: FakeHomeservers): void {
  for (const roomId of ["!knock:old.example", "!closed:old.example"]) {
    rooms.get(roomId)?.members.set(TARGET, { membership: "invite" });
    seen.push(`${MODERATOR} invites ${TARGET} to ${roomId}`);
  }
}

/** One process of the bot. Its store outlives it. */
export interface FakeBot {
  store: CrashingStore;
  runServices: RunServices;
  planning: Planning;
  platform: Platform;
  hasCrashed: () => boolean;
}

export interface FakeBotOptions {
  folder: string;
  servers: FakeHomeservers;
  crashTimeOf?: () => CrashTime;
  /** Called when the request has taken effect and before it is answered. */
  onRequest?: (request: FakeRequest, crash: () => void) => void | Promise<void>;
  /** Whether a person may use the bot. */
  isPermitted?: () => boolean;
  /** `access.imports` of the configuration. */
  areImportsAllowed?: boolean;
}

/** Starts one process of the bot with the parts that a move needs. */
export function startFakeBot({
  folder,
  servers,
  crashTimeOf = () => "none",
  onRequest,
  isPermitted = () => true,
  areImportsAllowed = true,
}: FakeBotOptions): FakeBot {
  let isDead = false;
  const store = openCrashingStore(folder, crashTimeOf, () => {
    isDead = true;
    // The next process starts without the timers of this one, at the time of its crash.
    const at = Date.now();
    vi.clearAllTimers();
    vi.setSystemTime(at);
  });
  const fetch = servers.fetch(async (asked) => {
    if (!isDead) await onRequest?.(asked, store.crash);
    if (isDead) await new Promise(() => {});
  });
  const log = pino({ level: process.env["TEST_LOG"] ?? "silent" });
  const now = Date.now;
  const { accounts } = store.store;
  const platform = createMatrixPlatform({
    sessionStore: accounts,
    devices: NO_DEVICES,
    fetch,
    findService: async () => "none",
    servers: {},
    introduction: { clientName: "Matrix Mover", clientUri: "https://mover.example.org" },
    monotonicNow: now,
    now,
    log,
  });
  const moved = accountsIn({ accounts, imports: store.store.imports, areImportsAllowed });
  const planning = new Planning({
    accounts: moved,
    platform,
    plans: store.store.plans,
    outbox: store.store.outbox,
    histories: new RoomHistories(store.store.runs, now),
    steps: store.store.steps,
    readings: new Readings(),
    keyCopies: store.store.keyCopies,
    contacts: store.store.contacts,
    chatsLeft: (...left) => runServices.chatsLeft(...left),
    botUserId: BOT,
    now,
    log,
  });
  const send = (
    cause: Cause,
    { document }: Message,
    { key, replaces }: { key: string; replaces?: string },
  ): Promise<void> =>
    store.store.outbox.add(
      {
        transactionId: key,
        roomId: address.roomId,
        forUser: OWNER,
        cause,
        kind: "message",
        content: { document },
        ...(replaces !== undefined && { edits: replaces }),
        priority: 1,
      },
      now(),
    );
  const sendMessage: SendMessage = ({ id }, message, options) => send({ kind: "run", id }, message, options);
  const runServices = createRuns({
    // A move uses only these parts of the store.
    store: store.store as Store,
    moved,
    platforms: { matrix: platform },
    rateLimits: platform.rateLimits,
    planning,
    createListener: (facts) =>
      new RunAnnouncer({
        ...facts,
        runs: store.store.runs,
        sendMessage,
        prefix: "!",
        monotonicNow: now,
        now,
        log,
      }),
    keptAnswered: answererOfKept(async (_address, cause, scope) => {
      const say = (message: Message, { key } = { key: "answer" }): Promise<void> =>
        send(cause, message, { key: `${scope} ${key}` });
      return { say, ask: (question: Message) => say(question, { key: "question" }) };
    }, "!"),
    isPermitted,
    texts: contactTexts,
    newChatsPerDay: 10,
    monotonicNow: now,
    now,
    log,
  });
  return { store, runServices, planning, platform, hasCrashed: () => isDead };
}

/** Signs both accounts in and makes the plan. */
export async function makePlan(bot: FakeBot, more: Partial<PlanFilters> = {}): Promise<void> {
  await signIn(bot);
  const planned = await bot.planning.plan({ ...request, filters: { ...filters, ...more } });
  if (planned.status !== "planned") throw new Error(`no plan: ${planned.status}`);
}

export async function signIn({ store: { store } }: FakeBot, chosen: readonly Side[] = sides): Promise<void> {
  for (const side of chosen) {
    const userId = { source: SOURCE, target: TARGET }[side];
    const signedIn = {
      owner: OWNER,
      side,
      userId,
      baseUrl: baseUrlOf(userId),
      method: "token" as const,
      deviceId: null,
      signedInAt: 0,
    };
    await store.accounts.put(signedIn, { accessToken: tokenOf(userId) });
  }
}

const LONGEST = 3_000;
/** The timer with which the runner keeps its leases. */
const ALWAYS_SET = 1;

/**
 * Runs until the bot crashes or the run is over. The person says `plan` until there is a plan,
 * `start` until there is a run,
 * and a moderator answers once the run waits for people.
 */
export async function runUntilCrashOrEnd(
  bot: FakeBot,
  servers: FakeHomeservers,
): Promise<"crashed" | "over"> {
  const { runs } = bot.store.store;
  const work = (async () => {
    await bot.runServices.start();
    if ((await bot.planning.last(OWNER)) === null) await bot.planning.plan({ ...request, filters });
    if ((await runs.last(OWNER)) === null) await bot.runServices.starter.start(request);
  })();
  let failure: unknown = null;
  work.catch((error: unknown) => {
    failure = error ?? new Error("failed");
  });
  for (let tick = 0; tick < LONGEST; tick += 1) {
    await vi.advanceTimersByTimeAsync(0);
    if (bot.hasCrashed()) return "crashed";
    if (failure !== null) throw failure as Error;
    const run = await runs.last(OWNER);
    if (bot.hasCrashed()) return "crashed";
    if (run?.state === "over" && vi.getTimerCount() <= ALWAYS_SET) return "over";
    if (run?.state === "watching" && !servers.seen.some((line) => line.startsWith(MODERATOR))) letIn(servers);
    if (run !== null && vi.getTimerCount() <= ALWAYS_SET && run.state !== "over") {
      await vi.advanceTimersByTimeAsync(0);
      if (bot.hasCrashed()) return "crashed";
      if (vi.getTimerCount() <= ALWAYS_SET && (await runs.last(OWNER))?.state !== "over")
        throw new Error(`nothing is waited for, and the run is ${run.state}`);
    }
    await vi.advanceTimersToNextTimerAsync();
  }
  throw new Error("the run does not end");
}
