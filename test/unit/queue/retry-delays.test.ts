import { describe, expect, it } from "vitest";
import { retryDelayMs } from "../../../src/queue/retry-delays.ts";

type How = Parameters<typeof retryDelayMs>[1];

/** In seconds, until the step is given up. */
function delaysOf(how: How): number[] {
  const delays: number[] = [];
  for (;;) {
    const ms = retryDelayMs(delays.length, how);
    if (ms === null) return delays;
    delays.push(ms / 1_000);
  }
}

describe("the delays before a step is tried again", () => {
  it.each<{ name: string; how: How; seconds: number[] }>([
    {
      name: "a server that answers with errors",
      how: { cause: "error", isEntry: true, hasOtherRoute: false },
      seconds: [1, 5, 30, 120, 600],
    },
    {
      name: "a room of which no server answers",
      how: { cause: "room", isEntry: true, hasOtherRoute: false },
      seconds: [10, 60, 300, 1_200, 3_600],
    },
    {
      name: "the content of a room of which no server answers",
      how: { cause: "room", isEntry: false, hasOtherRoute: false },
      seconds: [10, 60, 300],
    },
    {
      name: "a room with another route",
      how: { cause: "room", isEntry: true, hasOtherRoute: true },
      seconds: [2],
    },
    {
      name: "an error on a room with another route",
      how: { cause: "error", isEntry: true, hasOtherRoute: true },
      seconds: [2],
    },
    {
      name: "a request that a firewall holds back, whatever other routes there are",
      how: { cause: "unanswered", isEntry: true, hasOtherRoute: true },
      seconds: [1, 5, 15, 30, 60, 120, 300, 600, 1_800],
    },
  ])("grow for $name, until it is given up", ({ how, seconds }) => {
    expect(delaysOf(how)).toEqual(seconds);
  });
});
