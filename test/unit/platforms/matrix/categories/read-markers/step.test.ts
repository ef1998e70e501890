import { describe, expect, it } from "vitest";
import { readMarkerStep } from "../../../../../../src/platforms/matrix/categories/read-markers/step.ts";
import type { Answer, ScriptedRequest } from "../../../../../support/fakes/scripted-context.ts";
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

  describe("that stays unknown", () => {
    const LATER = { canSkipCheck: false } as const;
    /** A room of numbered messages, newest first. The server knows those that it was asked for. */
    function room(count: number, { isEndless = false } = {}) {
      const known = new Set<string>();
      return ({ method, path, query, body }: ScriptedRequest): Answer | undefined => {
        if (path.endsWith("/m.fully_read")) return NOT_FOUND;
        if (method === "POST") {
          const eventId = (body as Record<string, string>)["m.fully_read"] ?? "";
          return known.has(eventId) ? undefined : UNKNOWN;
        }
        const from = Number(query.get("from") ?? 0);
        const to = Math.min(count, from + Number(query.get("limit")));
        const chunk = Array.from({ length: to - from }, (_, index) => ({ event_id: `$${from + index}` }));
        for (const { event_id: eventId } of chunk) known.add(eventId);
        return { json: { chunk, ...((to < count || isEndless) && { end: String(to) }) } };
      };
    }
    const marked = (requests: readonly ScriptedRequest[]) =>
      (requests.at(-1)?.body as Record<string, unknown>)["m.fully_read"];
    const failed = { status: "failed", problem: { code: "history_missing", serverText: null } };

    it.each<{ name: string; count: number; eventId: string; expected: string; outcome: unknown }>([
      { name: "is found", count: 2_000, eventId: "$500", expected: "$500", outcome: { status: "done" } },
      {
        name: "is older than the search",
        count: 2_000,
        eventId: "$1500",
        expected: "$1049",
        outcome: failed,
      },
      {
        name: "is not in what the account may see",
        count: 120,
        eventId: "$hidden",
        expected: "$119",
        outcome: { status: "done" },
      },
    ])("is looked for in older messages and $name", async ({ count, eventId, expected, outcome }) => {
      const { context, requests } = scriptedContext(room(count), LATER);
      expect(await readMarkerStep.run({ roomId: ROOM, eventId }, context)).toEqual(outcome);
      expect(marked(requests)).toBe(expected);
    });

    it("is no failure where the server shows nothing older, however far it is asked", async () => {
      const { context, requests } = scriptedContext(room(20, { isEndless: true }), LATER);
      expect(await readMarkerStep.run(payload, context)).toEqual({ status: "done" });
      expect(marked(requests)).toBe("$19");
    });
  });
});
