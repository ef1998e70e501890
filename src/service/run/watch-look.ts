import type { Logger } from "pino";
import { isAccountProblemCode } from "../../model/account-problem.ts";
import type { MovedAccounts, Side } from "../../model/account.ts";
import { isFromFile, otherSide, sides } from "../../model/account.ts";
import type { KeyedQueue } from "../../model/keyed-queue.ts";
import type { AccessChanges } from "../../model/room-routes.ts";
import { roomAfterChange } from "../../model/room-routes.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { Run, RunProblem } from "../../model/run.ts";
import { Slots } from "../../model/slots.ts";
import { stages } from "../../model/step.ts";
import type { LookResult, Platforms } from "../../platforms/platform.ts";
import type { Runner } from "../../queue/runner.ts";
import type { Runs } from "../../store/runs.ts";
import type { Steps } from "../../store/steps.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { LeftChats } from "../contact/left-chats.ts";
import { refusalsSince } from "../plan/room-histories.ts";
import { isSourceGone, problemOfFiles } from "./problem-of-files.ts";
import { mayStillRead, refusedSteps } from "./refused-steps.ts";
import { roomsLetIn } from "./rooms-let-in.ts";
import type { RunListener } from "./run-listener.ts";
import type { WatchMemory } from "./watch-memory.ts";
import { withoutRepeated } from "./watch-memory.ts";
import { AWAY_LONG_MS, READS_ROOMS_EVERY_MS, RETRIES_REFUSED_EVERY_MS } from "./watch-rhythm.ts";
import { roomsToLookAt } from "./watched-rooms.ts";
import { WatchedServers } from "./watched-servers.ts";

/**
 * The number of looks under way at once. A look takes a few milliseconds of CPU and otherwise
 * waits.
 */
const MAX_LOOKS = 16;
/** The number of looks at one server, so that a server that hangs delays no other looks. */
const MAX_LOOKS_PER_SERVER = 4;
/** A room is announced this long after its join, even if steps about it still wait. */
const ANNOUNCED_AFTER_MS = 60_000;

export interface WatchLookOptions {
  accounts: Pick<PeoplesAccounts, "ofRun" | "perhapsOfRun" | "filesGone">;
  platforms: Platforms<"pair" | "runs" | "serverName">;
  runs: Pick<
    Runs,
    "get" | "inState" | "rooms" | "watchedRooms" | "unfinished" | "joinedRooms" | "change" | "apply"
  >;
  steps: Pick<Steps, "revise" | "all">;
  runner: Pick<Runner, "begin">;
  listener: Pick<RunListener, "roomsLetIn" | "watchHindered">;
  leftChats: Pick<LeftChats, "toWatch" | "left">;
  /** As in `RunSettlerOptions`. */
  ends: KeyedQueue;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

/** Looks at the rooms of one run that wait for a person. */
export class WatchLook {
  readonly #options: WatchLookOptions;
  readonly #slots = new Slots(MAX_LOOKS);
  readonly #servers: WatchedServers;

  constructor(options: WatchLookOptions) {
    this.#options = options;
    this.#servers = new WatchedServers(options);
  }

  /** @returns whether the run needs no more looks */
  async look(runId: number, memory: WatchMemory, signal: AbortSignal): Promise<boolean> {
    const run = await this.#options.runs.get(runId);
    if (run === null || run.state === "over") return true;
    // A person has paused the run, or must act first.
    if (run.state !== "watching" && run.state !== "running") return false;
    const accounts = await this.#options.accounts.ofRun(run);
    if (accounts === null) return run.state === "watching" && (await this.#withoutAccount(run, memory));
    if (isFromFile(accounts.source) && isSourceGone(run.problem)) {
      // The files are back.
      run.problem = null;
      await this.#store(run, null);
    }
    await this.#slots.run(
      sides
        .filter((side) => !isFromFile(accounts[side]))
        .map((side) => ({ key: this.#serverOf(run, side), max: MAX_LOOKS_PER_SERVER })),
      async () => {
        if (!signal.aborted) await this.#lookAt(run, accounts, memory, signal);
      },
    );
    if (run.state === "running") await this.#announce(run);
    return false;
  }

  async #lookAt(run: Run, accounts: MovedAccounts, memory: WatchMemory, signal: AbortSignal): Promise<void> {
    const { runs, leftChats, monotonicNow, log } = this.#options;
    const waiting = await roomsToLookAt(run, runs);
    if (waiting.length === 0 && run.problem === null) return;
    const isReading = monotonicNow() - memory.readAt >= READS_ROOMS_EVERY_MS;
    const result = await this.#ask(run, accounts, {
      waiting,
      readsRooms: isReading ? memory.reads : null,
      signal,
    });
    if (signal.aborted) return;
    if (isReading) {
      memory.reads += 1;
      memory.readAt = monotonicNow();
    }
    if (result.leftChats.length > 0) await leftChats.left(run.owner, run.source, result.leftChats);
    const changes = withoutRepeated(result.changes, waiting, memory);
    // Until it has ended once, its own steps find the problems of the accounts.
    const isAnswering = run.endedAt !== null && (await this.#noteSides(run, result, memory));
    if (changes.size === 0 && !isAnswering) return;
    log.info({ runId: run.id, rooms: changes.size }, "rooms have opened, or an account can be read again");
    memory.isHeldUp = !(await this.#resume(run, { waiting, changes, isAnswering }));
    if (memory.isHeldUp) memory.replanned = new Map();
  }

  /** Asks every side whose server may be asked now. */
  async #ask(
    run: Run,
    accounts: MovedAccounts,
    {
      waiting,
      readsRooms,
      signal,
    }: { waiting: readonly RunRoom[]; readsRooms: number | null; signal: AbortSignal },
  ): Promise<LookResult> {
    const { platforms, runs, leftChats } = this.#options;
    const joined = await runs.joinedRooms(run.id);
    const askable = sides.filter((side) => !isFromFile(accounts[side]));
    const servers = new Set(askable.map((side) => this.#serverOf(run, side)));
    const open = [...servers].filter((server) => this.#servers.mayAsk(server));
    const asked = new Set(askable.filter((side) => open.includes(this.#serverOf(run, side))));
    let seen: LookResult["sides"] | null = null;
    try {
      const result = await platforms[run.platform].pair(accounts).watch({
        rooms: waiting.map((room) => ({ ...room, refusals: refusalsSince(room, run, accounts) })),
        chats: await leftChats.toWatch(run),
        isJoined: (roomId) => joined.has(roomId),
        asked,
        readsRooms,
        signal,
      });
      seen = result.sides;
      return result;
    } finally {
      for (const server of open)
        this.#servers.saw(
          server,
          askable.flatMap((side) =>
            seen !== null && this.#serverOf(run, side) === server ? [seen[side].status] : [],
          ),
        );
    }
  }

  /**
   * Remembers a side that cannot be used, and informs the owner once.
   * @returns whether a side answers again for which the run has left something undone
   */
  async #noteSides(run: Run, { sides: seen }: LookResult, memory: WatchMemory): Promise<boolean> {
    const { now } = this.#options;
    const { problem: stored } = run;
    if (stored !== null && seen[stored.side].status === "answered") {
      if (stored.side === "source" && mayStillRead(stored.problem))
        return this.#noteRefusedWrites(run, stored, memory);
      memory.informedOf = null;
      if (stored.side === "source" && run.state === "watching") return true;
      await this.#store(run, null);
      return false;
    }
    const found = this.#problemIn(run, seen);
    if (found === null) return false;
    const isStored = stored?.side === found.side && stored.problem.code === found.problem.code;
    const problem = isStored ? stored : found;
    // The clock may have been set back since the problem was stored.
    const isLong = Math.abs(now() - problem.since) >= AWAY_LONG_MS;
    const isLasting = isAccountProblemCode(problem.problem.code) || isLong;
    if (!isLasting) return false;
    if (!isStored) await this.#store(run, problem);
    await this.#inform(run, problem, memory);
    return false;
  }

  /**
   * The account can be read, and a step of it was refused. Only another try of that step shows
   * whether it is still refused.
   * @returns whether it is to be tried now
   */
  async #noteRefusedWrites(run: Run, problem: RunProblem, memory: WatchMemory): Promise<boolean> {
    const { now, monotonicNow } = this.#options;
    await this.#inform(run, problem, memory);
    const isRecent = Math.abs(now() - problem.since) < RETRIES_REFUSED_EVERY_MS;
    if (run.state !== "watching" || isRecent) return false;
    if (monotonicNow() - memory.retriedAt < RETRIES_REFUSED_EVERY_MS) return false;
    memory.retriedAt = monotonicNow();
    return true;
  }

  async #inform(run: Run, problem: RunProblem, memory: WatchMemory): Promise<void> {
    const informedOf = `${problem.side} ${problem.problem.code} ${problem.since}`;
    if (memory.informedOf === informedOf) return;
    await this.#options.listener.watchHindered({ ...run, problem });
    memory.informedOf = informedOf;
  }

  /**
   * A problem that only the owner can solve comes first. If no server answers, the network of the
   * bot may be down, so that is no problem of an account.
   */
  #problemIn(run: Run, seen: LookResult["sides"]): RunProblem | null {
    for (const side of ["target", "source"] as const) {
      const answer = seen[side];
      if (answer.status === "refused")
        return { side, problem: { code: answer.code, serverText: null }, since: this.#options.now() };
    }
    for (const side of sides) {
      const since = this.#servers.awaySince(this.#serverOf(run, side));
      if (since !== null && seen[otherSide(side)].status === "answered")
        return { side, problem: { code: "server_trouble", serverText: null }, since };
    }
    return null;
  }

  /** Somebody may have paused or ended the run since it was read. */
  async #store({ id }: Run, problem: RunProblem | null): Promise<void> {
    const { runs } = this.#options;
    const now = await runs.get(id);
    if (now?.state === "watching" || now?.state === "running") await runs.change(id, { problem });
  }

  /** @returns false if the run has ended, or another run of the owner is active */
  async #resume(
    run: Run,
    {
      waiting,
      changes,
      isAnswering,
    }: { waiting: readonly RunRoom[]; changes: AccessChanges; isAnswering: boolean },
  ): Promise<boolean> {
    const { platforms, runs, steps, runner, ends, now } = this.#options;
    const changed = waiting.flatMap((room) => {
      const change = changes.get(room.roomId);
      return change === undefined ? [] : [roomAfterChange(room, change, now())];
    });
    const entries = changed
      .filter((room) => room.status === "planned")
      .flatMap((room) => platforms[run.platform].runs.stepsInto(room, room.route));
    const refused = isAnswering ? refusedSteps(await steps.all(run.id)) : null;
    // A problem that only shows in writes is solved when those steps are done.
    const isSolved = isAnswering && (run.problem === null || !mayStillRead(run.problem.problem));
    // The look took time. The run may have ended meanwhile, or another one may have replaced it.
    const isResumed = await ends.run(String(run.id), () =>
      steps.revise(run, {
        rooms: changed,
        steps: refused?.steps ?? [],
        again: entries,
        run: {
          event: run.state === "running" ? "revised" : "access_changed",
          change: { stage: stages.profile, ...(isSolved && { problem: null }) },
        },
      }),
    );
    const running = isResumed ? await runs.get(run.id) : null;
    if (running !== null) await runner.begin(running);
    return isResumed;
  }

  /** Steps about a room may wait for the server of the old account. */
  async #announce(run: Run): Promise<void> {
    const { runs, listener, now } = this.#options;
    const rooms = await runs.rooms(run.id);
    const since = run.endedAt ?? run.startedAt;
    const isLong = rooms.some(
      ({ isJoined, joinedAt }) =>
        isJoined && joinedAt !== null && joinedAt > since && joinedAt <= now() - ANNOUNCED_AFTER_MS,
    );
    if (isLong) await listener.roomsLetIn(run, roomsLetIn(rooms, since));
  }

  /** Files may come back, so the run waits for them. A signed-out account has ended it. */
  async #withoutAccount(run: Run, memory: WatchMemory): Promise<boolean> {
    const { runs, log } = this.#options;
    const problem = await problemOfFiles(run, this.#options);
    if (problem === null) {
      log.info({ runId: run.id }, "the watch of a run ends: an account of it is no longer signed in");
      return (await runs.apply(run.id, "abandoned")) !== null;
    }
    if (problem !== run.problem) await this.#store(run, problem);
    await this.#inform(run, problem, memory);
    return false;
  }

  #serverOf(run: Run, side: Side): string {
    return this.#options.platforms[run.platform].serverName(run[side]);
  }
}
