import { describe, expect, it } from "vitest";
import { runReadMarker } from "../../../../../src/platforms/matrix/read-markers/read-marker-step.ts";
import { content, DONE, refused, ROOM, stepWorld } from "../step-world.ts";

const MARK = `target POST v3/rooms/${ROOM}/read_markers`;
const MESSAGES = `target GET v3/rooms/${ROOM}/messages`;
const UNKNOWN = refused(404, "M_UNKNOWN", "Event not found");
const payload = { roomId: ROOM, eventId: "$read" };

describe("marking a room as read", () => {
  it("takes one request where the server knows the room", async () => {
    const { context, lines } = stepWorld({ [MARK]: DONE });
    expect(await runReadMarker(payload, context)).toEqual({ status: "done" });
    expect(lines()).toEqual([MARK]);
  });

  it("asks for the room's messages where the server does not know the event", async () => {
    const { context, lines } = stepWorld({ [MARK]: [UNKNOWN, DONE], [MESSAGES]: content({ chunk: [] }) });
    expect(await runReadMarker(payload, context)).toEqual({ status: "done" });
    expect(lines()).toEqual([MARK, MESSAGES, MARK]);
  });

  it("does not try first in a room that the run has just brought the server into", async () => {
    const { context, lines } = stepWorld({ [MARK]: DONE, [MESSAGES]: content({ chunk: [] }) });
    expect(await runReadMarker(payload, { ...context, isServerNew: true })).toEqual({ status: "done" });
    expect(lines()).toEqual([MESSAGES, MARK]);
  });
});
