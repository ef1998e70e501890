import { describe, expect, it } from "vitest";
import { roomAfter } from "../../../../src/model/room-routes.ts";
import type { RunRoom } from "../../../../src/model/run-room.ts";
import type { StepProblemCode } from "../../../../src/model/step-outcome.ts";
import { RoomHistories } from "../../../../src/service/plan/room-histories.ts";
import { newRun, room, step } from "../../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const ROOM = "!room:x";
const OWNER = "@me:old.example";

function afterFailedJoin(code: StepProblemCode): RunRoom {
  const problem = { code, serverText: "words" };
  return roomAfter(
    room(ROOM),
    "join",
    { status: "failed", problem },
    { now: Date.now(), allowed: () => true },
  ).room;
}

/** The routes that a later plan does not offer after a join that failed in a run before. */
async function refusedLater(code: StepProblemCode) {
  const { store } = await temporaryStore();
  const run = await newRun(store, [step("join", { kind: "join", roomId: ROOM })], { rooms: [room(ROOM)] });
  const change = { rooms: [afterFailedJoin(code)], steps: [], again: [] };
  await store.steps.revise(run, { ...change, run: { event: "revised", change: {} } });
  const histories = new RoomHistories(store.runs, () => run.startedAt);
  const accounts = {
    source: { userId: run.source, signedInAt: 0 },
    target: { userId: run.target, signedInAt: 0 },
  };
  const between = async (runId: number | null) =>
    (await histories.between(OWNER, accounts, runId)).get(ROOM)?.refusals.map(({ route }) => route) ?? [];
  return { later: await between(null), same: await between(run.id) };
}

describe("a route that a run has tried without success", () => {
  it.each<{ code: StepProblemCode; later: string[] }>([
    { code: "refused", later: ["join"] },
    { code: "blocked_by_server", later: ["join"] },
    { code: "unreachable_server", later: [] },
    { code: "server_trouble", later: [] },
    { code: "invite_blocked", later: [] },
  ])("is remembered for later plans only after a verdict: $code", async ({ code, later }) => {
    expect(await refusedLater(code)).toEqual({ later, same: ["join"] });
  });
});
