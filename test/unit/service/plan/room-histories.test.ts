import { describe, expect, it } from "vitest";
import { roomAfter } from "../../../../src/model/room-routes.ts";
import type { RunRoom } from "../../../../src/model/run-room.ts";
import type { StepProblemCode } from "../../../../src/model/step-outcome.ts";
import { RoomHistories } from "../../../../src/service/plan/room-histories.ts";
import { newRun, room, step } from "../../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const ROOM = "!room:x";
const OWNER = "@me:old.example";

/** A join that failed in a run before. */
interface FailedJoin {
  readonly code: StepProblemCode;
  /** No server showed the room, so the join was only tried. */
  readonly isTry?: boolean;
  readonly isFromFile?: boolean;
}

function afterFailedJoin({ code, isTry = false }: FailedJoin): RunRoom {
  const problem = { code, serverText: "words" };
  const { planned, ...before } = room(ROOM);
  return roomAfter(
    { ...before, planned: { ...planned, work: { ...planned.work, isTry } } },
    "join",
    { status: "failed", problem },
    { now: Date.now(), allowed: () => true },
  ).room;
}

/**
 * The routes that a later plan does not offer, and the same run.
 * @param sourceSignedInAt absent if nobody has signed in the old account
 */
async function refusedLater(join: FailedJoin, sourceSignedInAt?: (now: number) => number) {
  const { isFromFile = false } = join;
  const { store } = await temporaryStore();
  const steps = [step("join", { kind: "join", roomId: ROOM })];
  const run = await newRun(store, steps, { rooms: [room(ROOM)], isFromFile });
  const change = { rooms: [afterFailedJoin(join)], steps: [], again: [] };
  await store.steps.revise(run, { ...change, run: { event: "revised", change: {} } });
  const histories = new RoomHistories(store.runs, () => run.startedAt);
  const accounts = {
    source: {
      userId: run.source,
      ...(sourceSignedInAt !== undefined && { signedInAt: sourceSignedInAt(Date.now()) }),
    },
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
    expect(await refusedLater({ code }, () => 0)).toEqual({ later, same: ["join"] });
  });

  it.each<{ code: StepProblemCode }>([{ code: "refused" }, { code: "unreachable_server" }])(
    "is remembered in any case if it was a try without the old account: $code",
    async ({ code }) => {
      const tried = { code, isTry: true, isFromFile: true };
      expect(await refusedLater(tried)).toEqual({ later: ["join"], same: ["join"] });
    },
  );

  it("is open again after a sign-in of the old account, if only files were known before", async () => {
    const later = (now: number): number => now + 1_000;
    const fromFile = await refusedLater({ code: "refused", isFromFile: true }, later);
    expect(fromFile).toEqual({ later: [], same: [] });
    expect((await refusedLater({ code: "refused" }, later)).later).toEqual(["join"]);
  });
});
