import { describe, expect, it } from "vitest";
import { storedReportSchema } from "../../../../src/model/report.ts";
import type { RunProblem, StoredStep } from "../../../../src/model/run.ts";
import { report } from "../../../../src/platforms/matrix/report/report.ts";
import { runRoom } from "../../../../src/platforms/matrix/runs/room-of-run.ts";
import { runningReport } from "../../../../src/service/run/report.ts";
import { step } from "../../../support/fakes/scripted-runner.ts";
import { SOURCE, TARGET, plan, sketchRoom } from "../../../support/plans/planned-rooms.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const OPEN = "!open:old.example";
const NEW_ROOM = "!replacement:old.example";
const OLD_ROOM = "!upgraded:old.example";

const made = plan([
  sketchRoom({ roomId: OPEN, rule: "public" }),
  sketchRoom({ roomId: OLD_ROOM, state: { "m.room.tombstone": { replacement_room: NEW_ROOM } } }),
  sketchRoom({ roomId: NEW_ROOM, rule: "public" }),
  sketchRoom({ roomId: "!closed:old.example" }),
]);
const planned = report({
  sourceUserId: SOURCE,
  targetUserId: TARGET,
  generatedAt: new Date(0),
  rooms: made.rooms,
  categories: [],
  keys: null,
});
const rooms = made.rooms.map((room) => runRoom(room, { isReplacement: false }));

function stored(more: Partial<StoredStep>): StoredStep {
  const planned = step("join", { kind: "join", limits: ["joins", "messages"] });
  return {
    ...planned,
    state: "pending",
    attempts: 0,
    notBefore: 0,
    waitingFor: null,
    outcome: null,
    finishedAt: null,
    savedUndo: null,
    ...more,
  };
}

/** Status, time and what is waited for of a room. */
function standing(
  steps: readonly StoredStep[],
  roomId: string,
  how: { isRunning?: boolean; limitedMs?: number; problem?: RunProblem | null } = {},
): string {
  const { isRunning = true, limitedMs = 0, problem = null } = how;
  const limits = { nextAt: (_userId: string, name: string) => (name === "joins" ? NOW + limitedMs : NOW) };
  const now = runningReport(
    planned,
    { rooms, steps, source: SOURCE, target: TARGET, problem },
    { limits, now: NOW, isRunning },
  );
  expect(storedReportSchema.parse(now).generatedAt).toBe("2026-03-01T12:00:00Z");
  const row = now.rooms.find((each) => each.roomId === roomId);
  if (row?.until) expect(row.until).toMatch(/T\d\d:\d\d:\d\dZ$/u);
  return [row?.status, row?.waitingFor, row?.until && (Date.parse(row.until) - NOW) / 1_000]
    .filter((part) => part)
    .join(" ");
}

describe("the report of a plan during its run", () => {
  it("blames no room where the account's own server lets it join no more", () => {
    const problem: RunProblem = {
      side: "target",
      problem: { code: "account_limit", serverText: "Ten rooms are free." },
      since: NOW,
    };
    const step = stored({ roomId: rooms[0]?.roomId ?? "" });
    expect(standing([step], step.roomId ?? "", { isRunning: false, problem })).toBe("needs_you");
    const limits = { nextAt: () => NOW };
    const run = { rooms, steps: [step], source: SOURCE, target: TARGET, problem };
    const made = runningReport(planned, run, { limits, now: NOW, isRunning: false });
    expect(made.rooms.find(({ roomId }) => roomId === step.roomId)).toMatchObject({
      reason: { code: "account_limit", serverText: "Ten rooms are free." },
      helpers: [],
    });
  });

  it.each<[string, Partial<StoredStep>, { isRunning?: boolean; limitedMs?: number }, string]>([
    ["a room whose turn has come", {}, {}, "planned"],
    ["a room that is just tried", { state: "taken" }, { limitedMs: 9_000 }, "running"],
    ["a room that waits for a limit", {}, { limitedMs: 9_000 }, "waiting limit 9"],
    [
      "a room that was refused by a limit",
      { waitingFor: "limit", notBefore: NOW + 3_000 },
      {},
      "waiting limit 3",
    ],
    [
      "a room whose servers are away",
      { waitingFor: "room", notBefore: NOW + 60_000 },
      { limitedMs: 9_000 },
      "waiting room 60",
    ],
    [
      "a room whose step has its pause",
      { waitingFor: "server", notBefore: NOW + 5_000 },
      {},
      "waiting server 5",
    ],
    ["a room of a run that is paused", { state: "taken" }, { isRunning: false }, "planned"],
    ["a room that is tried no more", { state: "failed" }, {}, "planned"],
  ])("shows %s", (_what, more, how, expected) => {
    expect(standing([stored({ roomId: OPEN, ...more })], OPEN, how)).toBe(expected);
  });

  it("shows a replaced room with the status of its replacement", () => {
    const steps = [stored({ roomId: NEW_ROOM, state: "taken" })];
    expect([standing(steps, OLD_ROOM), standing(steps, NEW_ROOM)]).toEqual(["running", "running"]);
  });

  it("shows rooms without steps as the run has them", () => {
    expect(standing([], "!closed:old.example")).toBe("needs_moderator");
  });

  it("counts only steps that enter the room", () => {
    const tags = stored({ roomId: OPEN, kind: "tags", key: "tags", state: "taken" });
    expect(standing([tags], OPEN)).toBe("planned");
  });
});
