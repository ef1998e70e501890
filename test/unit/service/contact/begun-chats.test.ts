import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Run } from "../../../../src/model/run.ts";
import type { StepOutcome } from "../../../../src/model/step-outcome.ts";
import { stepOfMessage } from "../../../../src/platforms/matrix/contact/ask/steps.ts";
import { matrixRuns } from "../../../../src/platforms/matrix/runs/runs.ts";
import { BegunChatEnding } from "../../../../src/service/contact/begun-chats.ts";
import type { Store } from "../../../../src/store/store.ts";
import { newRun } from "../../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const ME = "@me:old.example";
const HELPER = "@admin:far.example";
const ROOM = "!room:far.example";
const BEGUN = { next: "invite", roomId: "!chat:old.example" };
const LEFT: StepOutcome = { status: "failed", problem: { code: "gone", serverText: null } };
const OPEN: StepOutcome = { status: "done", undo: { roomId: "!chat:old.example" } };
const AWAY: StepOutcome = { status: "wait", waitingFor: "server", waitMs: null, problem: null };

/** A run whose only step has made a room and has not invited anybody. */
async function opening(store: Store): Promise<Run> {
  const question = stepOfMessage("source", {
    ...{ userId: HELPER, way: "new_direct", chatRoomId: null, roomIds: [ROOM] },
    ...{ text: "Please let me in", reason: "Please let me in", alsoMentioned: [], followers: [] },
  });
  const run = await newRun(store, [question], { owner: ME, purpose: "ask" });
  const lane = "source:room_creation";
  const step = await store.steps.takeNext(
    { runId: run.id, epoch: run.epoch },
    { lane, stage: 3, now: 1, limiters: [] },
  );
  if (step === null) throw new Error("nothing to take");
  const of = { move: run, step: { runId: run.id, key: step.key } };
  await store.contacts.reserveChat({ ...of, partner: HELPER, by: ME, purpose: "ask" }, 10, Date.now());
  await store.steps.saveUndo(step, BEGUN);
  const record = { state: "pending", notBefore: 0, waitingFor: null, isCounted: false } as const;
  await store.steps.record(
    step,
    { ...record, outcome: { status: "continues", limits: ["messages"] }, limits: ["messages"] },
    { rooms: [], steps: [], dropped: [], run: null, limiters: [] },
    1,
  );
  return run;
}

function ending(store: Store, outcomes: readonly StepOutcome[]) {
  const ended: unknown[] = [];
  const chats = new BegunChatEnding({
    chats: store.begunChats,
    runs: store.runs,
    platforms: { matrix: { runs: matrixRuns } },
    endChat: async ({ id }, { savedUndo }) => {
      const outcome = outcomes[ended.push({ id, savedUndo }) - 1];
      if (outcome === undefined) throw new Error("not scripted");
      return outcome;
    },
    now: Date.now,
    log: pino({ level: "silent" }),
  });
  return { chats, ended };
}

const chatsOf = async ({ contacts }: Store) =>
  (await contacts.chats({ owner: ME, source: ME })).map(({ state, roomId }) => ({ state, roomId }));

describe("a chat that was begun when its run was cancelled", () => {
  it("is ended once, and the helper counts as not asked if nobody was invited", async () => {
    const { store } = await temporaryStore();
    const run = await opening(store);
    const { chats, ended } = ending(store, [LEFT]);
    // While the run goes on, the runner has the step.
    await chats.endOf(run);
    expect(ended).toEqual([]);
    await store.runs.apply(run.id, "cancelled");
    await store.steps.dropPending(run.id);
    await chats.endOf({ id: run.id + 1 });
    expect(ended).toEqual([]);
    await chats.endOf(run);
    await chats.endOf(run);
    expect(ended).toEqual([{ id: run.id, savedUndo: BEGUN }]);
    expect(await store.steps.all(run.id)).toMatchObject([{ state: "dropped", savedUndo: null }]);
    expect(await chatsOf(store)).toEqual([{ state: "refused", roomId: null }]);
    expect(await store.contacts.asked({ owner: ME, source: ME })).toEqual([]);
  });

  it("stays open if the helper has the invitation, who counts as asked", async () => {
    const { store } = await temporaryStore();
    const run = await opening(store);
    await store.runs.apply(run.id, "cancelled");
    await store.steps.dropPending(run.id);
    await ending(store, [OPEN]).chats.endOf(run);
    expect(await store.steps.all(run.id)).toMatchObject([{ state: "done", outcome: OPEN }]);
    expect(await chatsOf(store)).toEqual([{ state: "open", roomId: BEGUN.roomId }]);
    expect(await store.contacts.asked({ owner: ME, source: ME })).toMatchObject([
      { userId: HELPER, roomId: ROOM, result: "sent", chatRoomId: BEGUN.roomId },
    ]);
  });

  it("is ended by the next process if its server was away, or the process ended before", async () => {
    const { store, reopen } = await temporaryStore();
    const run = await opening(store);
    await store.runs.apply(run.id, "cancelled");
    const first = ending(store, [AWAY]);
    await first.chats.endOf(run);
    expect(first.ended).toHaveLength(1);
    const later = await reopen();
    const next = ending(later, [LEFT]);
    next.chats.start();
    await expect.poll(() => next.ended).toHaveLength(1);
    await next.chats.stop();
    expect(next.ended).toEqual([{ id: run.id, savedUndo: BEGUN }]);
    expect(await chatsOf(later)).toEqual([{ state: "refused", roomId: null }]);
  });
});
