import { describe, expect, it } from "vitest";
import type { RunEvent, RunState } from "../../../src/model/run-states.ts";
import {
  ACTIVE_RUN_STATES,
  RUN_EVENTS,
  RUN_STATES,
  UNFINISHED_RUN_STATES,
  WORKED_ON_STATES,
  nextState,
  statesBefore,
} from "../../../src/model/run-states.ts";

/** Every pair that changes something; every other pair changes nothing. */
const changes: readonly { state: RunState; event: RunEvent; next: RunState }[] = [
  { state: "running", event: "interrupted", next: "running" },
  { state: "running", event: "revised", next: "running" },
  { state: "running", event: "settled", next: "over" },
  { state: "running", event: "settled_with_watch", next: "watching" },
  { state: "running", event: "needs_owner", next: "needs_you" },
  { state: "running", event: "held", next: "running" },
  { state: "running", event: "paused", next: "paused" },
  { state: "running", event: "cancelled", next: "over" },
  { state: "running", event: "abandoned", next: "over" },
  { state: "paused", event: "resumed", next: "running" },
  { state: "paused", event: "cancelled", next: "over" },
  { state: "paused", event: "abandoned", next: "over" },
  { state: "needs_you", event: "signed_in", next: "running" },
  { state: "needs_you", event: "resumed", next: "running" },
  { state: "needs_you", event: "cancelled", next: "over" },
  { state: "needs_you", event: "abandoned", next: "over" },
  { state: "watching", event: "access_changed", next: "running" },
  { state: "watching", event: "cancelled", next: "over" },
  { state: "watching", event: "abandoned", next: "over" },
  { state: "watching", event: "replaced", next: "over" },
];

const pairs = RUN_STATES.flatMap((state) => RUN_EVENTS.map((event) => ({ state, event })));

describe("the life of a run", () => {
  it.each(
    pairs.map(({ state, event }) => ({
      state,
      event,
      next: changes.find((change) => change.state === state && change.event === event)?.next ?? null,
    })),
  )("goes from $state by $event to $next", ({ state, event, next }) => {
    expect(nextState(state, event)).toBe(next);
  });

  it("can begin another run only while none is running, paused or waiting for its owner", () => {
    expect(ACTIVE_RUN_STATES).toEqual(["running", "paused", "needs_you"]);
  });

  it("is unfinished until it is over, and worked on only while it is running", () => {
    expect(UNFINISHED_RUN_STATES).toEqual(["running", "paused", "needs_you", "watching"]);
    expect(WORKED_ON_STATES).toEqual(["running"]);
  });

  it("names the states in which an event applies", () => {
    expect(statesBefore("resumed")).toEqual(["paused", "needs_you"]);
    expect(statesBefore("replaced")).toEqual(["watching"]);
  });

  it.each(RUN_EVENTS)("has a use for the event %s", (event) => {
    expect(statesBefore(event)).not.toEqual([]);
  });
});
