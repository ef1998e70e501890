import { describe, expect, it } from "vitest";
import type { PlannedStep } from "../../../src/model/step.ts";
import type { NewRun } from "../../../src/store/runs.ts";
import { room } from "../../support/fakes/scripted-runner.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const address = {
  roomId: "!chat",
  eventId: "$start",
  threadRoot: null,
  roomKind: "direct",
  sender: "@me",
  isEncrypted: false,
} as const;
const run: NewRun = {
  owner: "@me",
  platform: "matrix",
  isFromFile: false,
  planNumber: 1,
  purpose: "move",
  source: "@a:old",
  target: "@a:new",
  address,
  request: {},
  startedAt: 0,
};

function step(key: string, more: Partial<PlannedStep>): PlannedStep {
  const rest = { side: "target", stage: 1, limits: [], after: null, roomId: "!inside", payload: {} } as const;
  return { key, platform: "matrix", kind: "tags", needsRoom: "!space", ...rest, ...more };
}

describe("a step that waits for a room", () => {
  it.each<{
    name: string;
    planned: PlannedStep;
    blocked: { rooms: ReturnType<typeof room>[]; lanes: string[] };
  }>([
    {
      name: "waits while the target is not in",
      planned: step("s", {}),
      blocked: { rooms: [room("!space", false)], lanes: [] },
    },
    {
      name: "is due once it is in",
      planned: step("s", {}),
      blocked: { rooms: [room("!space", true)], lanes: ["target:free"] },
    },
    {
      name: "waits for a room that the run does not know",
      planned: step("s", {}),
      blocked: { rooms: [], lanes: [] },
    },
    {
      name: "does not wait for a space that only the target is in, of which the run knows nothing",
      planned: step("s", { kind: "join_restricted" }),
      blocked: { rooms: [], lanes: ["target:free"] },
    },
    {
      name: "waits for a space that the run is to join",
      planned: step("s", { kind: "join_restricted" }),
      blocked: { rooms: [room("!space", false)], lanes: [] },
    },
  ])("$name", async ({ planned, blocked: { rooms, lanes } }) => {
    const { store } = await temporaryStore();
    const { id = 0 } = (await store.runs.create(run, { rooms, steps: [planned], isInPlace: true })) ?? {};
    expect([...(await store.steps.dueTimes(id, 1, 0)).keys()]).toEqual(lanes);
  });

  it("is not due before its stage", async () => {
    const { store } = await temporaryStore();
    const { id = 0 } =
      (await store.runs.create(run, {
        rooms: [],
        steps: [step("s", { needsRoom: null, stage: 2 })],
        isInPlace: true,
      })) ?? {};
    expect((await store.steps.dueTimes(id, 1, 0)).size).toBe(0);
    expect(await store.steps.dueTimes(id, 2, 0)).toEqual(new Map([["target:free", 0]]));
  });
});
