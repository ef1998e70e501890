import { describe, expect, it } from "vitest";
import { storedReportSchema } from "../../../../src/model/report.ts";
import type { RunRoom } from "../../../../src/model/run-room.ts";
import type { StoredStep } from "../../../../src/model/run.ts";
import type { StepKind } from "../../../../src/model/step.ts";
import { runRoom } from "../../../../src/platforms/matrix/runs/room-of-run.ts";
import { matrixRuns } from "../../../../src/platforms/matrix/runs/runs.ts";
import { RunSummaryReader } from "../../../../src/service/run/summary.ts";
import { DONE, FAILED, newRun, step } from "../../../support/fakes/scripted-runner.ts";
import { plan, sketchRoom } from "../../../support/plans/planned-rooms.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const rooms = plan(
  ["!a", "!b", "!c"].map((roomId) => sketchRoom({ roomId: `${roomId}:old.example` })),
).rooms.map((room) => runRoom(room, { isReplacement: false }));

type Did = [StepKind, string | null, StoredStep["state"], StoredStep["outcome"]];

async function summaryOf(did: readonly Did[], ofRooms: readonly RunRoom[] = rooms) {
  const { store } = await temporaryStore();
  const run = await newRun(store, []);
  const steps = did.map(([kind, roomId, state, outcome], index): StoredStep => {
    const planned = step(`${kind}:${index}`, { kind, roomId });
    return {
      ...planned,
      state,
      outcome,
      attempts: 1,
      notBefore: 0,
      waitingFor: null,
      finishedAt: 1,
      savedUndo: null,
    };
  });
  const reader = new RunSummaryReader({
    runs: { rooms: async () => [...ofRooms] },
    steps: { all: async () => steps },
    platforms: { matrix: { runs: matrixRuns } },
    planning: { withAsked: async (_owner, report) => report },
    now: () => 0,
  });
  return reader.of(run);
}

describe("what a run did", () => {
  it("is what was really written, by kind and category", async () => {
    const { summary } = await summaryOf([
      ["invite", "!a:old.example", "done", DONE],
      ["join_invited", "!a:old.example", "done", DONE],
      ["join", "!b:old.example", "done", DONE],
      ["join_restricted", "!c:old.example", "done", { status: "already_done" }],
      ["knock", "!c:old.example", "done", { status: "needs_moderator" }],
      ["power_level", null, "done", DONE],
      ["tags", null, "done", DONE],
      ["tags", null, "done", DONE],
      ["tags", null, "done", { status: "already_done" }],
      ["account_data", null, "failed", FAILED],
      ["push_rules", null, "pending", null],
      ["undo", null, "done", DONE],
    ]);
    expect(summary).toEqual({
      invitations: 1,
      joins: 2,
      knocks: 1,
      written: [
        { category: "power_levels", count: 1 },
        { category: "tags", count: 2 },
      ],
      openInvitations: rooms.slice(0, 1).map(({ planned }) => planned.row),
      leaving: { left: 0, stayed: [] },
      questions: [],
      chats: [],
      told: [],
      names: [],
    });
  });

  it("leaves no invitation open that was taken up", async () => {
    const inside = rooms.map((room) => ({ ...room, isJoined: true }));
    expect(
      (await summaryOf([["invite", "!a:old.example", "done", DONE]], inside)).summary.openInvitations,
    ).toEqual([]);
  });

  it("failed where no room of the report says so", async () => {
    const { failures } = await summaryOf([
      ["join", "!a:old.example", "failed", FAILED],
      ["account_data", null, "failed", FAILED],
      ["undo", null, "failed", FAILED],
      ["tags", null, "pending", FAILED],
    ]);
    expect(failures.map(({ item, problem }) => [item, problem.serverText])).toEqual([
      ["account_data:1", "words"],
      ["undo:2", "words"],
    ]);
  });

  it("is in a report of its own rooms, without replacements", async () => {
    const changed = rooms.map((room, index) => ({
      ...room,
      isReplacement: index === 0,
      status: "done" as const,
      route: "invite" as const,
    }));
    const { report } = await summaryOf([], changed);
    expect(
      storedReportSchema
        .parse(report)
        .rooms.map(({ roomId, route, status }) => `${roomId} ${route} ${status}`),
    ).toEqual(["!b:old.example invite done", "!c:old.example invite done"]);
  });
});
