import type { Logger } from "pino";
import type { ContactOf, ContactRecords, PlannedContact } from "../../model/contact.ts";
import { CHAT_STEP_KINDS } from "../../model/contact.ts";
import { KeyedQueue } from "../../model/keyed-queue.ts";
import type { RateLimits } from "../../model/rate-limits.ts";
import { isActive } from "../../model/run-states.ts";
import { asksPeople } from "../../model/run-tracks.ts";
import type { Run } from "../../model/run.ts";
import type { ContactTexts } from "../../platforms/contact.ts";
import type { Platforms } from "../../platforms/platform.ts";
import { Limits } from "../../queue/rate-limits.ts";
import { Runner } from "../../queue/runner.ts";
import type { Store } from "../../store/store.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import { BegunChatEnding } from "../contact/begun-chats.ts";
import { LeftChats } from "../contact/left-chats.ts";
import { Proposals } from "../contact/proposals.ts";
import type { Planning, PlanningOptions } from "../plan/planning.ts";
import type { BeginRun } from "./begin.ts";
import { createBeginRun } from "./begin.ts";
import { RunControl } from "./control.ts";
import { KeptRequests } from "./kept-requests.ts";
import type { KeptRetriesOptions } from "./kept-retries.ts";
import { KeptRetries } from "./kept-retries.ts";
import { endLostRuns } from "./lost-runs.ts";
import { RunOverview } from "./overview.ts";
import { Preparations } from "./preparations.ts";
import type { RunFacts, RunListener } from "./run-listener.ts";
import { RunSettler } from "./settle.ts";
import { RunStarter } from "./start.ts";
import { RunStatuses } from "./status.ts";
import { RunSummaryReader } from "./summary.ts";
import { MoveVerifier } from "./verify.ts";
import { RunWatch } from "./watch.ts";
import { RunWork } from "./work.ts";

export interface CreateRunsOptions {
  store: Store;
  moved: PeoplesAccounts;
  platforms: Platforms;
  /** The default limits of the servers on which accounts act. */
  rateLimits: RateLimits;
  planning: Planning;
  createListener: (facts: RunFacts) => RunListener;
  /** Answers a request that was kept. */
  keptAnswered: KeptRetriesOptions["answered"];
  /** Whether a person may still use the bot. */
  isPermitted: (userId: string) => boolean;
  texts: ContactTexts;
  /** The number of chats that the bot opens for a move within 24 hours. */
  newChatsPerDay: number;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

export interface RunServices {
  starter: RunStarter;
  control: RunControl;
  overview: RunOverview;
  verifier: MoveVerifier;
  proposals: Proposals;
  begin: BeginRun;
  preparations: Preparations;
  /** As `PlanningOptions.chatsLeft`. */
  chatsLeft: PlanningOptions["chatsLeft"];
  /** Resumes the runs of the last process. Their notices need the chat. */
  start(): Promise<void>;
  /** Ends within seconds. Everything resumes at the next start. */
  stop(): Promise<void>;
}

/** How long the old server of a run by files may take to answer. */
const ASK_TIMEOUT_MS = 3_000;

/** Creates all parts that run plans. */
export function createRuns(options: CreateRunsOptions): RunServices {
  const { store, platforms, rateLimits, planning, createListener, texts, newChatsPerDay } = options;
  const { now, monotonicNow, log } = options;
  const { accounts, runs, steps } = store;
  const { moved } = options;
  const limits = new Limits(store.limiters, rateLimits, store.reportUnreadable);
  const summary = new RunSummaryReader({ runs, steps, platforms, planning, now });
  const statuses = new RunStatuses({
    platforms,
    isAnswering: ({ platform, source }) =>
      platforms[platform].files.isAnswering(source, AbortSignal.timeout(ASK_TIMEOUT_MS)),
    accounts,
    moved,
    runs,
    steps,
    contacts: store.contacts,
    newChatsPerDay,
    limits,
    awayUntil: (server) => runner.awayUntil(server),
    waitOf: (runId) => runner.waitOf(runId),
    now,
  });
  const listener = createListener({ statuses, summary });
  const ends = new KeyedQueue();
  const settler = new RunSettler({ planning, runs, steps, listener, ends, now, log });
  const changed = (run: Run): void => {
    listener.changed(run);
    // A question may wait for days, while earlier ones are answered.
    if (run.state === "watching" || (run.state === "running" && asksPeople(run))) watch.watch(run);
    if (!isActive(run)) watch.runEnded(run.owner);
    if (run.state === "needs_you") resumeIfSignedInSince(run);
  };
  const resumeIfSignedInSince = (run: Run): void => {
    control.resumeIfSignedInSince(run).catch((error: unknown) => {
      log.error({ err: error, runId: run.id }, "a run could not continue after a sign-in");
    });
  };
  const records = (move: ContactOf): Promise<ContactRecords> => store.contacts.of(move, now());
  const planned = async (owner: string, { source }: { source: string }): Promise<PlannedContact> =>
    platforms.matrix.runs.plannedContact(
      await steps.ofKinds({ owner, source, kinds: CHAT_STEP_KINDS, states: ["pending", "taken"] }),
    );
  const work = new RunWork({
    accounts: moved,
    platforms,
    runs,
    steps,
    contacts: store.contacts,
    newChatsPerDay,
    settled: (run, signal) => settler.settled(run, signal),
    changed,
    records,
    knockReason: (facts) => texts.knockReason(facts),
    now,
  });
  const runner: Runner = new Runner({
    runs,
    steps,
    leases: store.runLeases,
    limits,
    work,
    now,
    monotonicNow,
    log,
  });
  const leftChats = new LeftChats({ contacts: store.contacts, runs, planning, listener, now });
  const watch = new RunWatch({
    ...{ accounts: moved, platforms, runs, steps, runner, listener, leftChats, ends },
    ...{ now, monotonicNow, log },
  });
  // The requests of one person run in order.
  const queue = new KeyedQueue();
  const preparations = new Preparations(queue);
  const kept = new KeptRequests({ rows: store.keptRequests, preparations, now });
  const begunChats = new BegunChatEnding({
    ...{ chats: store.begunChats, runs, platforms, now, log },
    endChat: (run, step, signal) => work.endChat(run, step, signal),
  });
  const control = new RunControl({
    kept,
    preparations,
    accounts,
    moved,
    runs,
    steps,
    limits,
    runner,
    statuses,
    summary,
    changed,
    begunChats,
    queue,
    now,
  });
  const overview = new RunOverview({ planning, runs, steps, limits, statuses, kept, now });
  const begin = createBeginRun({ runs, steps, ends, runner, statuses, control, limits, now, log });
  const starter = new RunStarter({
    platforms,
    accounts: moved,
    planning,
    runs,
    steps,
    begin,
    control,
    kept,
    overview,
  });
  const proposals = new Proposals({
    accounts: moved,
    planning,
    records,
    planned,
    texts,
    control,
    begin,
    limits,
    preparations,
    newChatsPerDay,
    now,
  });
  const verifier = new MoveVerifier({ planning, kept });
  const retries = new KeptRetries({
    kept,
    rows: store.keptRequests,
    starter,
    verifier,
    answered: options.keptAnswered,
    isPermitted: options.isPermitted,
    serverName: (userId) => platforms.matrix.serverName(userId),
    now,
    log,
  });
  kept.onKept = () => retries.wake();
  return {
    starter,
    control,
    overview,
    verifier,
    proposals,
    begin,
    preparations,
    chatsLeft: (owner, source, roomIds) => leftChats.left(owner, source, roomIds),
    start: async () => {
      await endLostRuns({ store, listener, now, log });
      await runner.start();
      await watch.start();
      // The last process may have ended before it notified their owners.
      for (const run of await runs.inState("needs_you")) changed(run);
      begunChats.start();
      retries.start();
    },
    stop: async () => {
      watch.stop();
      preparations.stop();
      await begunChats.stop();
      await retries.stop();
      await runner.stop();
      await listener.stop();
    },
  };
}
