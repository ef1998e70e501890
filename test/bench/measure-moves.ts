/*
 * Moves people with every part of the bot but its chat, in a process of its own. `MoveCase` is JSON
 * on standard input, `MoveMeasured` is JSON on standard output.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { SendMessage } from "../../src/dialogue/run-notices.ts";
import { RunAnnouncer } from "../../src/dialogue/run-notices.ts";
import { sides } from "../../src/model/account.ts";
import type { ConversationAddress } from "../../src/model/conversation-address.ts";
import { NO_FILTERS } from "../../src/model/filters.ts";
import { createGuardedFetch } from "../../src/network/guarded-fetch.ts";
import { createMatrixPlatform } from "../../src/platforms/matrix/platform.ts";
import { Planning } from "../../src/service/plan/planning.ts";
import { Readings } from "../../src/service/plan/readings.ts";
import { RoomHistories } from "../../src/service/plan/room-histories.ts";
import type { RunServices } from "../../src/service/run/create-runs.ts";
import { createRuns } from "../../src/service/run/create-runs.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { contactTexts } from "../../src/view/contact/texts.ts";
import { NO_DEVICES } from "../support/keys/no-devices.ts";
import { accountsIn } from "../support/store/accounts-in.ts";
import type { MoveCase, MoveMeasured } from "./move-case.ts";
import { moveCaseSchema } from "./move-case.ts";
import { recordingFetch } from "./recording-fetch.ts";

const KIBIBYTE = 1024;
const KEY_BYTES = 32;
const POLL_MS = 10;
const BOT = "@mover:bench.example";

type Moved = MoveMeasured["moved"][number];

async function measure({ movers, isSideBySide }: MoveCase): Promise<MoveMeasured> {
  const folder = await mkdtemp(join(tmpdir(), "mover-bench-store-"));
  const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  const store = openStore({ dataDir: folder, secretKey: Buffer.alloc(KEY_BYTES, 1) });
  const { fetch, requests } = recordingFetch(guarded, movers);
  try {
    for (const mover of movers) await signIn(store, mover);
    const log = pino({ level: "silent" });
    const now = Date.now;
    const platform = createMatrixPlatform({
      sessionStore: store.accounts,
      devices: NO_DEVICES,
      fetch,
      servers: {},
      introduction: { clientName: "Matrix Mover", clientUri: "https://mover.example.org" },
      monotonicNow: now,
      now,
      log,
    });
    const planning = new Planning({
      accounts: accountsIn(store),
      platform,
      plans: store.plans,
      outbox: store.outbox,
      histories: new RoomHistories(store.runs, now),
      steps: store.steps,
      readings: new Readings(),
      keyCopies: store.keyCopies,
      contacts: store.contacts,
      chatsLeft: (...left) => runServices.chatsLeft(...left),
      botUserId: BOT,
      now,
      log,
    });
    const ends = new Map(movers.map(({ source }) => [source.userId, Promise.withResolvers<number>()]));
    let messages = 0;
    const sendMessage: SendMessage = ({ address }, _message, { key }) => {
      messages += 1;
      if (/ (?:end|needs you \d+)$/.test(key)) ends.get(address.sender)?.resolve(performance.now());
      return Promise.resolve();
    };
    const baseBytes = process.memoryUsage.rss();
    const cpuBefore = process.cpuUsage();
    const runServices = createRuns({
      store,
      moved: accountsIn(store),
      platforms: { matrix: platform },
      rateLimits: platform.rateLimits,
      planning,
      createListener: (facts) =>
        new RunAnnouncer({
          ...facts,
          runs: store.runs,
          sendMessage,
          prefix: "!",
          monotonicNow: now,
          now,
          log,
        }),
      keptAnswered: async () => undefined,
      isPermitted: () => true,
      texts: contactTexts,
      newChatsPerDay: 10,
      monotonicNow: now,
      now,
      log,
    });
    await runServices.start();
    const move = async (owner: string): Promise<Moved> => {
      const ended = ends.get(owner)?.promise ?? Promise.reject(new Error("nobody moves"));
      return {
        ...(await moveOne(owner, { planning, runServices, ended })),
        ...(await outcomeOf(owner, store)),
      };
    };
    const moved: Moved[] = [];
    if (isSideBySide) moved.push(...(await Promise.all(movers.map(({ source }) => move(source.userId)))));
    else for (const { source } of movers) moved.push(await move(source.userId));
    await runServices.stop();
    const cpu = process.cpuUsage(cpuBefore);
    // `maxRSS` is in kilobytes on every system (Node, process.resourceUsage).
    const peakBytes = process.resourceUsage().maxRSS * KIBIBYTE;
    return { moved, requests, messages, baseBytes, peakBytes, cpuMs: (cpu.user + cpu.system) / 1000 };
  } finally {
    await guarded.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The old account commands the bot. */
async function signIn(store: Store, mover: MoveCase["movers"][number]): Promise<void> {
  for (const side of sides) {
    const { userId, baseUrl, accessToken } = mover[side];
    const account = {
      owner: mover.source.userId,
      side,
      userId,
      baseUrl,
      deviceId: null,
      signedInAt: Date.now(),
    };
    await store.accounts.put({ ...account, method: "token" }, { accessToken });
  }
}

async function moveOne(
  owner: string,
  { planning, runServices, ended }: { planning: Planning; runServices: RunServices; ended: Promise<number> },
): Promise<Pick<Moved, "userId" | "planAt" | "startAt" | "endAt">> {
  const request = { owner, botRoomIds: [], onProgress: () => undefined };
  const planAt = performance.now();
  const plan = await planning.plan({ ...request, filters: { ...NO_FILTERS, categories: null } });
  if (plan.status !== "planned") throw new Error(`no plan for ${owner}: ${plan.status}`);
  const startAt = performance.now();
  const started = await runServices.starter.start({ ...request, address: addressOf(owner) });
  if (started.status !== "started") throw new Error(`no start for ${owner}: ${started.status}`);
  return { userId: owner, planAt, startAt, endAt: await ended };
}

async function outcomeOf(
  owner: string,
  { runs, steps }: Store,
): Promise<Pick<Moved, "state" | "rooms" | "steps">> {
  let run = await runs.last(owner);
  // The bot reports the end before it stores it.
  for (; run?.state === "running"; run = await runs.last(owner)) await sleep(POLL_MS);
  if (run === null) throw new Error(`no run of ${owner}`);
  return {
    state: run.state,
    rooms: (await runs.rooms(run.id)).map(({ roomId, route, status }) => ({ roomId, route, status })),
    steps: (await steps.all(run.id)).map(
      ({ kind, roomId, needsRoom, limits, side, state, attempts, outcome }) => {
        return {
          kind,
          roomId,
          needsRoom,
          limits: [...limits],
          side,
          state,
          attempts,
          outcome: outcome?.status ?? "none",
        };
      },
    ),
  };
}

function addressOf(sender: string): ConversationAddress {
  return {
    roomId: "!bench:bench.example",
    eventId: "$start",
    threadRoot: null,
    roomKind: "direct",
    sender,
    isEncrypted: false,
  };
}

const result = await measure(moveCaseSchema.parse(JSON.parse(await text(process.stdin))));
process.stdout.write(JSON.stringify(result));
