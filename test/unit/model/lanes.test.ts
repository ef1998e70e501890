import { expect, it } from "vitest";
import { requestsByLimit } from "../../../src/model/lanes.ts";

it("the requests of steps count for the scarcest limit of each, and a new chat sends two messages", () => {
  const steps = [
    { kind: "open_chat", limit: "room_creation", count: 6 },
    // Its room is made already.
    { kind: "open_chat", limit: "messages", count: 2 },
    { kind: "send_message", limit: "messages", count: 3 },
    { kind: "mention_rule", limit: null, count: 1 },
  ] as const;
  expect([...requestsByLimit(steps)]).toEqual([
    ["room_creation", 6],
    ["messages", 17],
  ]);
});
