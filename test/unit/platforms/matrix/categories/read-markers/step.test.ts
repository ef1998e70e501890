import { describe, expect, it } from "vitest";
import { readMarkerStep } from "../../../../../../src/platforms/matrix/categories/read-markers/step.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../../support/fakes/scripted-context.ts";
import { TARGET } from "../../../../../support/plans/planned-rooms.ts";

const MARK = `target POST /rooms/${ROOM}/read_markers`;
const MESSAGES = `target GET /rooms/${ROOM}/messages`;
const READ = `target GET /user/${TARGET}/rooms/${ROOM}/account_data/m.fully_read`;
const UNKNOWN = refused(404, "M_UNKNOWN", "Event not found");
const payload = { roomId: ROOM, eventId: "$read" };

describe("marking a room as read", () => {
  it("takes one request where the server knows the room", async () => {
    const { context, lines } = scriptedContext({ [MARK]: DONE });
    expect(await readMarkerStep.run(payload, context)).toEqual({ status: "done" });
    expect(lines()).toEqual([MARK]);
  });

  it("asks for the room's messages where the server does not know the event", async () => {
    const { context, lines } = scriptedContext({
      [MARK]: [UNKNOWN, DONE],
      [MESSAGES]: content({ chunk: [] }),
    });
    expect(await readMarkerStep.run(payload, context)).toEqual({ status: "done" });
    expect(lines()).toEqual([MARK, MESSAGES, MARK]);
  });

  it("does not try first in a room that the run has just brought the server into", async () => {
    const { context, lines } = scriptedContext({ [MARK]: DONE, [MESSAGES]: content({ chunk: [] }) });
    expect(await readMarkerStep.run(payload, { ...context, isServerNew: true })).toEqual({ status: "done" });
    expect(lines()).toEqual([MESSAGES, MARK]);
  });

  it("waits once for history that may still be on its way, and then takes the oldest message there is", async () => {
    const messages = content({ chunk: [{ event_id: "$newer" }, { event_id: "$oldest" }] });
    const script = {
      [MARK]: [...Array.from({ length: 6 }, () => UNKNOWN), DONE],
      [MESSAGES]: messages,
      [READ]: NOT_FOUND,
    };
    const { context, requests } = scriptedContext(script);
    const once = await readMarkerStep.run(payload, { ...context, isServerNew: true, mayHistoryCome: true });
    expect(once).toEqual({ status: "wait", waitingFor: "room", waitMs: null, problem: null });
    const again = { ...context, isServerNew: true, canSkipCheck: false };
    expect(await readMarkerStep.run(payload, again)).toEqual({ status: "done" });
    expect(requests.at(-1)?.body).toEqual({ "m.fully_read": "$oldest", "m.read.private": "$oldest" });
  });
});
