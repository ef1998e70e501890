import { describe, expect, it } from "vitest";
import { runReadMarker } from "../../../../../../src/platforms/matrix/categories/read-markers/step.ts";
import { TARGET } from "../../../../../support/plans/planned-rooms.ts";
import { content, DONE, NOT_FOUND, refused, ROOM, stepWorld } from "../../steps/step-world.ts";

const MARK = `target POST v3/rooms/${ROOM}/read_markers`;
const MESSAGES = `target GET v3/rooms/${ROOM}/messages`;
const READ = `target GET v3/user/${TARGET}/rooms/${ROOM}/account_data/m.fully_read`;
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

  it("waits once for history that may still be on its way, and then takes the oldest message there is", async () => {
    const messages = content({ chunk: [{ event_id: "$newer" }, { event_id: "$oldest" }] });
    const script = {
      [MARK]: [...Array.from({ length: 6 }, () => UNKNOWN), DONE],
      [MESSAGES]: messages,
      [READ]: NOT_FOUND,
    };
    const { context, sent } = stepWorld(script);
    const once = await runReadMarker(payload, { ...context, isServerNew: true, mayHistoryCome: true });
    expect(once).toEqual({ status: "wait", waitingFor: "room", waitMs: null, problem: null });
    const again = { ...context, isServerNew: true, canSkipCheck: false };
    expect(await runReadMarker(payload, again)).toEqual({ status: "done" });
    expect(sent.at(-1)?.body).toEqual({ "m.fully_read": "$oldest", "m.read.private": "$oldest" });
  });
});
