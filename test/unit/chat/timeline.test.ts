import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { SyncResponse, TimelineEvent } from "../../../src/chat/sync/sync-response.ts";
import { readSyncResponse } from "../../../src/chat/sync/sync-response.ts";
import { TimelineGaps } from "../../../src/chat/sync/timeline-gaps.ts";
import { withoutHistory } from "../../../src/chat/sync/timeline-history.ts";
import { bareAnswer, fakeClient, refusal } from "./fake-client.ts";

const ME = "@mover:x.org";
const ROOM = "!r:x.org";

const said = (id: string, type = "m.room.message") => ({ type, event_id: id, content: {} });
const member = (id: string, membership: string, more: object = {}) => ({
  type: "m.room.member",
  state_key: ME,
  event_id: id,
  content: { membership },
  ...more,
});

function sync(events: unknown[], timeline: object = {}): SyncResponse {
  return readSyncResponse({
    next_batch: "n",
    rooms: { join: { [ROOM]: { timeline: { events, ...timeline } } } },
  });
}

function ids(response: SyncResponse): unknown[] {
  return (
    response.rooms?.join?.[ROOM]?.timeline?.events.map((event: TimelineEvent) => event["event_id"]) ?? []
  );
}

describe("a sync answer", () => {
  it.each([
    {},
    { rooms: null },
    { rooms: {} },
    { rooms: { join: null } },
    { rooms: { join: { [ROOM]: null } } },
    { rooms: { join: { [ROOM]: { timeline: null } } } },
    { rooms: { join: { [ROOM]: { timeline: { events: null, limited: null, prev_batch: null } } } } },
    { rooms: { join: { [ROOM]: { timeline: { events: "rubbish", limited: "yes", prev_batch: 5 } } } } },
  ])("may hold an empty thing in any form: %j", async (raw) => {
    const response = readSyncResponse({ next_batch: "n", ...raw });
    const { client } = fakeClient();
    await new TimelineGaps(client, pino({ enabled: false })).fill(response, { since: "s", userId: ME });
    withoutHistory(response, { userId: ME, isInitialSync: false });
    expect(ids(response)).toEqual([]);
  });

  it("loses nothing by one event of an odd shape", () => {
    const response = sync([
      said("$1"),
      null,
      "x",
      { type: 5, event_id: "$odd" },
      // matrix-bot-sdk looks this type up in an object, and would fail at it.
      { type: "constructor", event_id: "$inherited" },
      { ...said("$2"), content: "text" },
      said("$3"),
    ]);
    expect(ids(response)).toEqual(["$1", "$2", "$3"]);
  });

  it("loses nothing if an invitation or a left room has an odd shape", () => {
    const invitation = { invite_state: { events: [null, { type: "m.room.member" }] } };
    const response = readSyncResponse({
      next_batch: "n",
      rooms: { invite: { "!a": null, "!b": invitation }, leave: { "!c": { timeline: { events: [null] } } } },
    });
    expect(response.rooms).toMatchObject({
      invite: { "!a": {}, "!b": { invite_state: { events: [{ type: "m.room.member" }] } } },
      leave: { "!c": { timeline: { events: [] } } },
    });
  });

  it.each([null, "text", 5, [], {}, { next_batch: 5 }, { next_batch: "n", rooms: "x" }])(
    "%j is none, and is asked for again",
    (raw) => {
      expect(() => readSyncResponse(raw)).toThrow();
    },
  );

  it("keeps what is not looked at here", () => {
    const raw = {
      next_batch: "n",
      to_device: { events: [1] },
      rooms: { invite: { a: { x: 1 } }, join: { [ROOM]: { state: { x: 1 } } } },
    };
    expect(readSyncResponse(raw)).toEqual(raw);
  });
});

describe("what was said before the bot listened", () => {
  const after = (events: unknown[], isInitialSync = false): unknown[] => {
    const response = sync(events);
    withoutHistory(response, { userId: ME, isInitialSync });
    return ids(response);
  };

  it("is left out of a first sync, and what is not said stays", () => {
    const sync = [
      said("$1"),
      member("$join", "join"),
      said("$2", "m.room.encrypted"),
      said("$reaction", "m.reaction"),
      said("$3", "m.room.name"),
    ];
    expect(after(sync, true)).toEqual(["$join", "$3"]);
  });

  it("is left out of a room just joined, up to the invitation", () => {
    expect(
      after([
        said("$1"),
        member("$invite", "invite"),
        said("$2", "m.room.encrypted"),
        member("$join", "join"),
        said("$3"),
      ]),
    ).toEqual(["$invite", "$2", "$join", "$3"]);
  });

  it("is left out of an open room just joined, up to the join", () => {
    expect(after([said("$1"), member("$join", "join"), said("$2")])).toEqual(["$join", "$2"]);
  });

  it("is all there of a room the bot was in", () => {
    expect(after([said("$1"), said("$2")])).toEqual(["$1", "$2"]);
  });

  it("is not what was said before somebody else joined", () => {
    expect(after([said("$1"), { ...member("$j", "join"), state_key: "@other:x.org" }, said("$2")])).toEqual([
      "$1",
      "$j",
      "$2",
    ]);
  });

  it("is not what was said before the bot got another name", () => {
    const renamed = member("$name", "join", { unsigned: { prev_content: { membership: "join" } } });
    expect(after([said("$1"), renamed, said("$2")])).toEqual(["$1", "$name", "$2"]);
  });

  it("ends at the newest invitation", () => {
    expect(
      after([
        member("$i1", "invite"),
        said("$1"),
        member("$l", "leave"),
        member("$i2", "invite"),
        said("$2"),
      ]),
    ).toEqual(["$i1", "$l", "$i2", "$2"]);
  });
});

describe("the gap that a limited timeline leaves", () => {
  const limited = { limited: true, prev_batch: "p0" };
  const fill = async (response: SyncResponse, answer: (from: string) => unknown) => {
    const fake = fakeClient();
    fake.state.answer = ({ query }) => answer(String(query["from"]));
    const gaps = new TimelineGaps(fake.client, pino({ enabled: false }));
    const again = (): Promise<void> => gaps.fill(response, { since: "s0", userId: ME });
    return { ids: await again().then(() => ids(response)), requests: fake.requests, again };
  };

  it("is read back to where the last sync ended, in order", async () => {
    const pages: Record<string, object> = {
      p0: { chunk: [said("$4"), said("$3")], end: "p1" },
      p1: { chunk: [said("$2"), said("$1")], end: "p2" },
      p2: { chunk: [] },
    };
    const filled = await fill(sync([said("$5")], limited), (from) => pages[from]);
    expect(filled.ids).toEqual(["$1", "$2", "$3", "$4", "$5"]);
    expect(filled.requests[0]).toMatchObject({
      method: "GET",
      path: `/_matrix/client/v3/rooms/${encodeURIComponent(ROOM)}/messages`,
      query: { dir: "b", from: "p0", to: "s0" },
    });
  });

  it("ends where the server names no further page", async () => {
    const filled = await fill(sync([said("$2")], limited), () => ({ chunk: [said("$1")], end: null }));
    expect(filled).toMatchObject({ ids: ["$1", "$2"], requests: { length: 1 } });
  });

  it("is not read for ever", async () => {
    const filled = await fill(sync([], limited), (from) => ({ chunk: [said(from)], end: `${from}+` }));
    expect(filled.requests).toHaveLength(10);
  });

  it("loses nothing by one event of an odd shape", async () => {
    const filled = await fill(sync([], limited), () => ({
      chunk: [said("$2"), null, { type: 5 }, said("$1")],
    }));
    expect(filled.ids).toEqual(["$1", "$2"]);
  });

  it.each([
    { name: "not limited", timeline: { limited: false, prev_batch: "p0" }, events: [] },
    { name: "without a place to read from", timeline: { limited: true }, events: [] },
    { name: "of a room just joined", timeline: limited, events: [member("$join", "join")] },
  ])("is not there in a timeline $name", async ({ timeline, events }) => {
    expect((await fill(sync(events, timeline), () => ({ chunk: [said("$x")] }))).requests).toEqual([]);
  });

  it("is there although the bot got another name meanwhile", async () => {
    const renamed = member("$name", "join", { unsigned: { prev_content: { membership: "join" } } });
    expect((await fill(sync([renamed], limited), () => ({ chunk: [said("$1")] }))).ids).toEqual([
      "$1",
      "$name",
    ]);
  });

  const notAnswers: { name: string; failure: unknown }[] = [
    { name: "the server is in trouble", failure: refusal(502, "M_UNKNOWN") },
    { name: "a proxy is in trouble", failure: bareAnswer(504) },
    { name: "a proxy has its own opinion", failure: bareAnswer(404) },
    { name: "the session ended", failure: refusal(401, "M_UNKNOWN_TOKEN") },
    { name: "nothing answers", failure: new Error("ECONNRESET") },
  ];

  it.each(notAnswers)(
    "makes the whole sync be tried again when $name, but not for ever",
    async ({ failure }) => {
      const fake = fakeClient();
      fake.state.answer = () => {
        throw failure;
      };
      const gaps = new TimelineGaps(fake.client, pino({ enabled: false }));
      const response = sync([said("$5")], limited);
      for (let tries = 1; tries < 5; tries++)
        await expect(gaps.fill(response, { since: "s0", userId: ME })).rejects.toBeDefined();
      await gaps.fill(response, { since: "s0", userId: ME });
      expect(ids(response)).toEqual(["$5"]);
      await gaps.fill(response, { since: "s0", userId: ME });
      expect(fake.requests).toHaveLength(5);
      await expect(gaps.fill(response, { since: "s1", userId: ME })).rejects.toBeDefined();
    },
  );

  it("waits out a rate limit in the middle, and reads no page twice", async () => {
    let isLimited = true;
    const filled = await fill(sync([said("$3")], limited), (from) => {
      if (from === "p0") return { chunk: [said("$2")], end: "p1" };
      if (!isLimited) return { chunk: [said("$1")] };
      isLimited = false;
      throw refusal(429, "M_LIMIT_EXCEEDED", { retry_after_ms: 1 });
    });
    expect(filled.ids).toEqual(["$1", "$2", "$3"]);
    expect(filled.requests.map(({ query }) => query["from"])).toEqual(["p0", "p1", "p1"]);
  });

  it("makes the whole sync be tried again when the answer is none", async () => {
    await expect(fill(sync([said("$5")], limited), () => "<html>")).rejects.toThrow();
  });

  it("is given up at once when the bot may not read it", async () => {
    const filled = await fill(sync([said("$5")], limited), () => {
      throw refusal(403, "M_FORBIDDEN");
    });
    await filled.again();
    expect(filled).toMatchObject({ ids: ["$5"], requests: { length: 1 } });
  });
});
