import type { Logger } from "pino";
import type { ConversationAddress } from "../model/conversation-address.ts";
import { numberedRooms } from "../model/rooms-left.ts";
import { isActive, isWorkedOn } from "../model/run-states.ts";
import { isMove } from "../model/run-tracks.ts";
import type { Run } from "../model/run.ts";
import type { LeftChat, RoomLetIn, RunStatus } from "../service/run/results.ts";
import type { Retired } from "../service/run/retire.ts";
import type { EndedPlan, RefusedRoom, RunFacts, RunListener } from "../service/run/run-listener.ts";
import type { Runs } from "../store/runs.ts";
import { chatLeft } from "../view/contact/chat-left.ts";
import type { Message } from "../view/document/message.ts";
import { runEnded, showsRooms } from "../view/migrate/end.ts";
import { roomLetIn } from "../view/migrate/let-in.ts";
import { runLost } from "../view/migrate/lost.ts";
import { needsYou } from "../view/migrate/needs-you.ts";
import { refusedByPerson } from "../view/migrate/refused-by-person.ts";
import { moveRetired } from "../view/migrate/retired.ts";
import { progressMessage } from "../view/migrate/status.ts";
import { watchHindered } from "../view/migrate/watch-hindered.ts";
import type { Conversation, SayOptions } from "./conversation.ts";
import { EDIT_EVERY_MS } from "./conversation.ts";

/** Sends a message at any later time to the conversation in which a run was started. */
export type SendMessage = (
  run: Pick<Run, "id" | "address">,
  message: Message,
  options: Pick<SayOptions, "key" | "replaces" | "priority" | "notBefore" | "numberedRooms">,
) => Promise<void>;

/**
 * Sends the messages of runs in the chat, which is started before any run resumes.
 * @param conversationAt opens the conversation of the run
 */
export function messageSender(
  conversationAt: (
    address: ConversationAddress,
    cause: { kind: "run"; id: number },
  ) => Promise<Pick<Conversation, "say">>,
): SendMessage {
  return async ({ id, address }, message, options) =>
    (await conversationAt(address, { kind: "run", id })).say(message, options);
}

export interface RunAnnouncerOptions extends RunFacts {
  runs: Pick<Runs, "get" | "change">;
  sendMessage: SendMessage;
  prefix: string;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  log: Logger;
}

/** The answer to the command that started the run is sent first. */
const FIRST_AFTER_MS = 1_000;

interface Shown {
  /** The status that the message shows, and the time of day at which it was drawn. */
  status: RunStatus | null;
  drawnAt: number;
  /** When the message may be sent next, by the monotonic clock. */
  nextAt: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Reports a run to its owner. One message shows the current progress. A new message is sent when
 * the run ends or needs its owner.
 */
export class RunAnnouncer implements RunListener {
  readonly #options: RunAnnouncerOptions;
  readonly #shown = new Map<number, Shown>();
  /** Runs whose owners were notified. */
  readonly #notified = new Set<number>();
  #saying: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: RunAnnouncerOptions) {
    this.#options = options;
  }

  /**
   * Shows the run's status if it differs from the one shown, at most every few seconds. Notifies
   * the owner when only they can solve a problem.
   */
  changed(run: Run): void {
    if (this.#isStopped) return;
    if (run.state !== "needs_you") this.#notified.delete(run.id);
    else if (!this.#notified.has(run.id)) {
      this.#notified.add(run.id);
      this.#inTurn(() => this.#notifyOwner(run.id));
    }
    this.#showSoon(run);
  }

  #showSoon(run: Run): void {
    const shown = this.#shownOf(run);
    if (shown.timer !== null) return;
    const waitMs = Math.max(0, shown.nextAt - this.#options.monotonicNow());
    shown.timer = setTimeout(() => {
      shown.timer = null;
      this.#inTurn(() => this.#show(run.id, shown));
    }, waitMs);
  }

  #shownOf({ id, progressCount }: Run): Shown {
    const { now, monotonicNow } = this.#options;
    // The answer to the command that started the run is sent first. A message of an earlier process
    // may have been edited until that process ended.
    const nextAt = monotonicNow() + (progressCount === 0 ? FIRST_AFTER_MS : EDIT_EVERY_MS);
    const shown = this.#shown.get(id) ?? { status: null, drawnAt: now(), nextAt, timer: null };
    this.#shown.set(id, shown);
    return shown;
  }

  /** Shows the end in the progress message at once, and sends a message that notifies. */
  async ended(run: Run, made: EndedPlan | null): Promise<void> {
    const { summary, statuses, prefix } = this.#options;
    await this.#showLast(run);
    const done = await summary.of(run);
    // A sign-in of the old account helps a move.
    const status = await (isMove(run) ? statuses.withOldServer(run) : statuses.of(run));
    const nothing = { moreHelpers: new Map<string, number>(), notMoved: [], unseen: [] };
    const report = made ?? { ...nothing, report: done.report };
    const isListed = showsRooms({ run: status, report: report.report });
    await this.#say(
      run,
      runEnded({ run: status, ...report, summary: done.summary, failures: done.failures }, prefix),
      "end",
      isListed
        ? numberedRooms(report.report).map((room) => room.roomId)
        : done.summary.leaving.stayed.map(({ room }) => room.roomId),
    );
  }

  async roomsLetIn(run: Run, rooms: readonly RoomLetIn[]): Promise<void> {
    await this.#showLast(run);
    // A message whose key was used before is not sent again.
    for (const letIn of rooms)
      await this.#say(run, roomLetIn(letIn, run, this.#options.prefix), `late ${letIn.room.roomId}`);
  }

  async refusedByPeople(run: Run, rooms: readonly RefusedRoom[]): Promise<void> {
    const { prefix } = this.#options;
    for (const { room, knock } of rooms) {
      const by = room.reason !== null && "by" in room.reason ? room.reason.by : undefined;
      if (by === undefined) continue;
      const key = `refused ${by.did} ${by.userId} ${room.roomId}${knock === null ? "" : ` ${knock}`}`;
      await this.#say(run, refusedByPerson(room, prefix), key);
    }
  }

  async chatLeft(run: Run, chat: LeftChat): Promise<void> {
    await this.#say(run, chatLeft(chat, this.#options.prefix), `left ${chat.roomId}`);
  }

  async watchHindered(run: Run): Promise<void> {
    const { problem } = run;
    if (problem === null) return;
    const { side, since } = problem;
    const message = watchHindered(await this.#options.statuses.of(run), this.#options.prefix);
    // A message whose key was used before is not sent again.
    await this.#say(run, message, `watch ${side} ${problem.problem.code} ${since}`);
  }

  async lost(runId: number, address: ConversationAddress): Promise<void> {
    const { sendMessage, prefix } = this.#options;
    await sendMessage({ id: runId, address }, runLost(prefix), { key: `run ${runId} lost` });
  }

  async #notifyOwner(runId: number): Promise<void> {
    const { runs, statuses, prefix } = this.#options;
    const run = await runs.get(runId);
    if (run?.state !== "needs_you") return;
    await this.#say(run, needsYou(await statuses.of(run), prefix), `needs you ${run.problem?.since ?? 0}`);
  }

  /** The number of runs that are shown at present. */
  get shownCount(): number {
    return this.#shown.size;
  }

  /** Sends nothing more by itself. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer } of this.#shown.values()) if (timer !== null) clearTimeout(timer);
    await this.#saying;
  }

  async #showLast(run: Run): Promise<void> {
    const shown = this.#shownOf(run);
    if (shown.timer !== null) clearTimeout(shown.timer);
    shown.timer = null;
    this.#inTurn(() => this.#show(run.id, shown, run));
    await this.#saying;
  }

  /** @param as changes that are about to be stored but are not stored yet */
  async #show(runId: number, shown: Shown, as: Partial<Run> = {}): Promise<void> {
    const { runs } = this.#options;
    const stored = await runs.get(runId);
    if (stored === null) {
      this.#shown.delete(runId);
      return;
    }
    await this.#showRun({ stored, shown, as });
    // A run that has ended is shown again only if it goes on.
    if (!isActive(stored) && shown.timer === null) this.#shown.delete(runId);
  }

  async #showRun({ stored, shown, as }: { stored: Run; shown: Shown; as: Partial<Run> }): Promise<void> {
    const { runs, statuses, now, monotonicNow, prefix } = this.#options;
    const run = { ...stored, ...as, progressCount: stored.progressCount };
    // Contact that took no time has no progress to show. The message about its end says it all.
    if (run.progressCount === 0 && !isMove(run) && !isWorkedOn(run)) return;
    const status = await statuses.of(run);
    // A changed time of day alone is no change. Both statuses are rendered for the same moment.
    const drawn = (of: RunStatus): string =>
      JSON.stringify(progressMessage(of, shown.drawnAt, prefix).document);
    if (shown.status !== null && drawn(shown.status) === drawn(status)) return;
    const message = progressMessage(status, now(), prefix);
    const isFirst = run.progressCount === 0;
    shown.status = status;
    const waitMs = isFirst ? 0 : Math.max(0, shown.nextAt - monotonicNow());
    shown.drawnAt = now();
    shown.nextAt = monotonicNow() + waitMs + EDIT_EVERY_MS;
    const notBefore = now() + waitMs;
    const show = (key: string, replaces?: string): Promise<void> =>
      this.#options.sendMessage(run, message, {
        key: keyOf(run, key),
        ...(replaces !== undefined && { replaces: keyOf(run, replaces) }),
        notBefore,
        priority: "progress",
      });
    // The first message is counted after it is sent, because later ones edit it. A later one is
    // counted before: if it is then not sent, nothing is lost.
    if (isFirst) await show("progress");
    await runs.change(run.id, { progressCount: run.progressCount + 1 });
    if (!isFirst) await show(`progress ${run.progressCount}`, "progress");
  }

  #say(run: Run, message: Message, key: string, numberedRooms: readonly string[] = []): Promise<void> {
    return this.#options.sendMessage(run, message, { key: keyOf(run, key), numberedRooms });
  }

  #inTurn(work: () => Promise<void>): void {
    this.#saying = this.#saying.then(work).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "the progress of a run could not be shown");
    });
  }
}

/** Reports that the bot no longer uses two accounts, long after their move. */
export async function sayRetired(
  run: Run,
  retired: Retired,
  { sendMessage, prefix }: Pick<RunAnnouncerOptions, "sendMessage" | "prefix">,
): Promise<void> {
  await sendMessage(run, moveRetired(retired, prefix), {
    key: keyOf(run, "finished"),
  });
}

function keyOf(run: Run, key: string): string {
  return `run ${run.id} ${key}`;
}
