import { expect, it } from "vitest";
import { monotonicNow } from "../../../src/chat/chat-options.ts";

it("the clock that never jumps counts whole milliseconds, which the database can store", () => {
  const times = Array.from({ length: 100 }, monotonicNow);
  expect(times.filter((time) => !Number.isSafeInteger(time))).toEqual([]);
});
