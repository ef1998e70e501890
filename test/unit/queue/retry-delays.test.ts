import { describe, expect, it } from "vitest";
import { retryDelayMs } from "../../../src/queue/retry-delays.ts";

function pausesOf(how: { isRoom: boolean; hasOtherRoute: boolean }): (number | null)[] {
  return Array.from({ length: 7 }, (_, failures) => retryDelayMs(failures, how)).map(
    (ms) => ms && ms / 1_000,
  );
}

describe("the pauses before a step is tried again", () => {
  it.each([
    {
      name: "a server that stumbles",
      how: { isRoom: false, hasOtherRoute: false },
      seconds: [1, 5, 30, 120, 600, null, null],
    },
    {
      name: "a room of which no server answers",
      how: { isRoom: true, hasOtherRoute: false },
      seconds: [10, 60, 300, 1_200, 3_600, null, null],
    },
    {
      name: "a room with another way in",
      how: { isRoom: true, hasOtherRoute: true },
      seconds: [2, null, null, null, null, null, null],
    },
    {
      name: "a step with another way",
      how: { isRoom: false, hasOtherRoute: true },
      seconds: [2, null, null, null, null, null, null],
    },
  ])("grow for $name, until it is given up", ({ how, seconds }) => {
    expect(pausesOf(how)).toEqual(seconds);
  });
});
