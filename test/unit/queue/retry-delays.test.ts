import { describe, expect, it } from "vitest";
import { retryDelayMs } from "../../../src/queue/retry-delays.ts";

function pausesOf(how: { isRoom: boolean; hasOtherRoute: boolean }): (number | null)[] {
  return Array.from({ length: 7 }, (_, failures) => retryDelayMs(failures, how)).map(
    (ms) => ms && ms / 1_000,
  );
}

describe("the pauses before a step is tried again", () => {
  it.each([
    ["a server that stumbles", { isRoom: false, hasOtherRoute: false }, [1, 5, 30, 120, 600, null, null]],
    [
      "a room of which no server answers",
      { isRoom: true, hasOtherRoute: false },
      [10, 60, 300, 1_200, 3_600, null, null],
    ],
    [
      "a room with another way in",
      { isRoom: true, hasOtherRoute: true },
      [2, null, null, null, null, null, null],
    ],
    [
      "a step with another way",
      { isRoom: false, hasOtherRoute: true },
      [2, null, null, null, null, null, null],
    ],
  ])("grow for %s, until it is given up", (_what, how, seconds) => {
    expect(pausesOf(how)).toEqual(seconds);
  });
});
