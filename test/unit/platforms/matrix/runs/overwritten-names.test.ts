import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../../src/model/filters.ts";
import type { StoredStep } from "../../../../../src/model/run.ts";
import type { StepKind } from "../../../../../src/model/step.ts";
import { remainingSteps } from "../../../../../src/platforms/matrix/runs/remaining-steps.ts";
import { stepsOfWholePlan } from "../../../../../src/platforms/matrix/runs/steps-of-run.ts";
import { profileSteps } from "../../../../../src/platforms/matrix/runs/steps-of-run.ts";
import type { TriedSteps } from "../../../../../src/platforms/planning.ts";
import { plan, sketchRoom } from "../../../../support/plans/planned-rooms.ts";
import type { ContentsSketch } from "../categories/contents-sketch.ts";
import { newAccount, oldAccount } from "../categories/contents-sketch.ts";

const ROOM = "!a:old.example";
const OWN_ROOM = "!own:new.example";
const request = { filters: { ...NO_FILTERS, categories: null } };

/** @param target what the new account shows now */
function moveWith(target: ContentsSketch) {
  const decided = plan([sketchRoom({ roomId: ROOM, rule: "public" })]);
  const source = oldAccount({
    profile: { displayName: "Mo" },
    roomProfiles: { [ROOM]: { displayName: "Maestro" } },
  });
  return { decided, readings: { source, target: newAccount(target) } };
}

function tried(...steps: readonly { kind: StepKind; key: string; payload?: unknown }[]): TriedSteps {
  return new Map(
    steps.map(
      ({
        kind,
        key,
        payload = {},
      }): [string, Pick<StoredStep, "kind" | "payload" | "state" | "finishedAt">] => [
        key,
        { kind, payload, state: "done", finishedAt: 1 },
      ],
    ),
  );
}

function keysOf(steps: readonly { kind: StepKind; key: string }[]): string[] {
  return steps.filter(({ kind }) => kind.endsWith("_profile")).map(({ key }) => key);
}

describe("names in rooms that the server overwrote by the global profile", () => {
  const name = { kind: "room_profile", key: `room_profile:${ROOM}` } as const;
  const kept = {
    kind: "kept_room_profile",
    key: `kept_room_profile:${OWN_ROOM}`,
    payload: { roomId: OWN_ROOM, displayName: "Captain" },
  } as const;
  const overwritten = moveWith({
    profile: { displayName: "Mo" },
    roomProfiles: { [ROOM]: { displayName: "Mo" }, [OWN_ROOM]: { displayName: "Mo" } },
  });

  it("are written once more at the end of the run, and only once", () => {
    const again = tried(name, kept);
    const remaining = remainingSteps(overwritten, {
      before: [],
      rooms: [],
      endedAt: null,
      tried: again,
      request,
    });
    expect(keysOf(remaining)).toEqual([`${name.key} 2`, `${kept.key} 2`]);
    const twice = tried(name, kept, { ...name, key: `${name.key} 2` }, { ...kept, key: `${kept.key} 2` });
    expect(
      keysOf(remainingSteps(overwritten, { before: [], rooms: [], endedAt: null, tried: twice, request })),
    ).toEqual([]);
  });

  it("are left where they still stand, and where the person has chosen another since", () => {
    for (const displayName of ["Captain", "Chef"]) {
      const intact = moveWith({
        profile: { displayName: "Mo" },
        roomProfiles: { [ROOM]: { displayName: "Maestro" }, [OWN_ROOM]: { displayName } },
      });
      expect(
        keysOf(
          remainingSteps(intact, { before: [], rooms: [], endedAt: null, tried: tried(name, kept), request }),
        ),
      ).toEqual([]);
    }
  });
});

describe("names of the new account's own in rooms", () => {
  const before = moveWith({
    profile: { displayName: "me" },
    roomProfiles: { [OWN_ROOM]: { displayName: "Captain" } },
  });

  it("are written back by a move and by a copy of the profile alone, also in rooms that are not moved", () => {
    const keys = [`kept_room_profile:${OWN_ROOM}`];
    expect(keysOf(stepsOfWholePlan(before, request).steps)).toEqual(expect.arrayContaining(keys));
    expect(keysOf(profileSteps(before))).toEqual(keys);
  });

  it("are not written back if the profile is not changed", () => {
    const filters = { ...NO_FILTERS, categories: ["rooms", "room_profiles"] as const };
    expect(keysOf(stepsOfWholePlan(before, { filters }).steps)).toEqual([`room_profile:${ROOM}`]);
  });

  it("are not overwritten where the server can leave rooms alone and every room has one", () => {
    const [first] = profileSteps(before);
    expect(first?.payload).toMatchObject({ key: "displayname", isInRooms: false });
    const another = { [OWN_ROOM]: { displayName: "Captain" }, "!usual:new.example": { displayName: "me" } };
    const [spread] = profileSteps(moveWith({ profile: { displayName: "me" }, roomProfiles: another }));
    expect(spread?.payload).toEqual({ key: "displayname", value: "Mo", before: "me" });
  });
});
